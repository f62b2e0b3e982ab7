/** What a store has of a run, as its owner changes it: every change is there in whole or not at all. */
import { existsSync, readFileSync } from 'node:fs';
import { checkpointName } from '../../run/checkpoints/checkpoints.js';
import { DOCUMENTS } from '../../run/directory-observer.js';
import type { RunDirectory } from '../../run/directory.js';
import { CheckpointGoneError, objectsBelow, uploadCheckpoint } from './checkpoint-objects.js';
import { type LogChange, MOST_BYTES, messagesFor } from './log-messages.js';
import { HEADER, type LogStream } from './log-stream.js';
import { subjectOf } from './names.js';
import type { Objects } from './objects.js';
import type { Change } from './outbox.js';
import type { OwnedState } from './state.js';

interface Parts {
  id: string;
  term: number;
  directory: RunDirectory;
  stream: LogStream;
  state: OwnedState;
  objects: Objects;
  /** Path in the directory, and the object. */
  pictures: Map<string, string>;
  /** Of a message that the server takes. */
  mostBytes: number;
}

export class Mirror {
  readonly #parts: Parts;
  /** Names that this coordinator has given to objects. */
  #named = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws LeaseLostError */
  async bring(change: Change): Promise<void> {
    switch (change.kind) {
      case 'log':
        return await this.log(change);
      case 'document':
        return await this.document(change.name, change.text);
      case 'checkpoint':
        return await this.addCheckpoint(change.step, () => change.gone);
      case 'removal':
        return await this.removeCheckpoint(change.step);
      case 'picture':
        return await this.addPicture(change.path);
    }
  }

  async log(change: LogChange): Promise<void> {
    const { id, stream, mostBytes } = this.#parts;
    for (const message of messagesFor(id, change, Math.min(mostBytes, MOST_BYTES))) await stream.publish(message);
  }

  async document(name: (typeof DOCUMENTS)[number], text: string | undefined): Promise<void> {
    await this.#parts.state.update(({ documents: { [name]: _old, ...others } }) => ({
      documents: text === undefined ? others : { ...others, [name]: text },
    }));
  }

  /** @param gone whether it has been removed again meanwhile */
  async addCheckpoint(step: number, gone = () => false): Promise<void> {
    const { objects, directory, state } = this.#parts;
    const folder = this.#name(checkpointName(step));
    const old = this.#foldersOf(step);
    try {
      if (gone()) return;
      await uploadCheckpoint(objects, directory, step, folder);
      if (gone()) throw new CheckpointGoneError('it has been removed');
    } catch (error) {
      if (!(error instanceof CheckpointGoneError)) throw error;
      return await objects.sweep(this.isNamed);
    }
    await state.update(({ checkpoints }) => ({
      checkpoints: [...checkpoints.filter((other) => other.step !== step), { step, folder }].sort(
        (a, b) => a.step - b.step,
      ),
    }));
    await this.#removeFolders(old);
  }

  async removeCheckpoint(step: number): Promise<void> {
    const old = this.#foldersOf(step);
    if (old.length === 0) return;
    await this.#parts.state.update(({ checkpoints }) => ({
      checkpoints: checkpoints.filter((other) => other.step !== step),
    }));
    await this.#removeFolders(old);
  }

  async addPicture(path: string): Promise<void> {
    const { id, directory, stream, objects, pictures } = this.#parts;
    const file = directory.file(...path.split('/'));
    if (!existsSync(file)) return;
    const content = readFileSync(file);
    const object = this.#name(path);
    await objects.put(object, () => content);
    await stream.publish({
      subject: subjectOf(id, 'pictures'),
      payload: JSON.stringify({ time: new Date().toISOString(), file: path, bytes: content.length }),
      headers: { [HEADER.picture]: path, [HEADER.object]: object },
    });
    const old = pictures.get(path);
    pictures.set(path, object);
    if (old !== undefined) await objects.remove([old]);
  }

  /** Whether the run's value or its stream names an object. */
  readonly isNamed = (object: string): boolean => {
    const { pictures, state } = this.#parts;
    return (
      state.value.checkpoints.some(({ folder }) => objectsBelow(folder)(object)) ||
      [...pictures.values()].includes(object)
    );
  };

  /** step-000500 → step-000500/term-3.1 */
  #name(what: string): string {
    return `${what}/term-${this.#parts.term}.${(this.#named += 1)}`;
  }

  #foldersOf(step: number): string[] {
    return this.#parts.state.value.checkpoints.filter((other) => other.step === step).map(({ folder }) => folder);
  }

  async #removeFolders(folders: readonly string[]): Promise<void> {
    if (folders.length === 0) return;
    await this.#parts.objects.removeBelow(folders);
  }
}
