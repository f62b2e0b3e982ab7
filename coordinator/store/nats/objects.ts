/** The bucket of a run: files of its checkpoints, and its pictures. What is in it counts only where the run's value or its stream names it. */
import { type ObjectStore, Objm } from '@nats-io/obj';
import { StorageType } from '@nats-io/jetstream';
import { DuetError, messageOf } from '../../../common/errors.js';
import type { Nats } from './client/connection.js';
import { failureOf, isNotFound, isUnanswered } from './client/failures.js';
import { fallingBack } from './log-stream.js';
import { objectStreamOf, streamOf } from './names.js';
import type { Patience } from './client/patience.js';

const CHUNK_BYTES = 128 << 10;

/** An object that is not there, or not whole. */
export class ObjectDamagedError extends DuetError {}

export class Objects {
  readonly #nats: Nats;
  readonly #bucket: string;
  readonly #stream: string;
  readonly #store: ObjectStore;
  readonly #patience: Patience;
  /** Some of one that did not get there may be left. */
  #untidy = false;

  private constructor(nats: Nats, id: string, store: ObjectStore, patience: Patience) {
    this.#nats = nats;
    this.#bucket = streamOf(id);
    this.#stream = objectStreamOf(id);
    this.#store = store;
    this.#patience = patience;
  }

  /** Makes the bucket if it is not there. */
  static async open(nats: Nats, id: string, patience: Patience): Promise<Objects> {
    const options = {
      description: `checkpoints and pictures of the Duet run ${id}`,
      storage: StorageType.File,
    };
    const store = await patience.until(() =>
      fallingBack(nats.replicas, (replicas) => new Objm(nats.js).create(streamOf(id), { ...options, replicas })),
    );
    return new Objects(nats, id, store, patience);
  }

  /** For one that only reads. */
  static async find(nats: Nats, id: string, patience: Patience): Promise<Objects> {
    const store = await patience.until(() => new Objm(nats.js).open(streamOf(id), false));
    return new Objects(nats, id, store, patience);
  }

  /** @param content asked for anew at every try */
  async put(name: string, content: () => Uint8Array): Promise<void> {
    await this.#patience.until(async () => {
      try {
        await this.#store.put({ name, options: { max_chunk_size: CHUNK_BYTES } }, streamFrom(content()));
      } catch (error) {
        this.#untidy = true;
        // A bucket that is gone says so here.
        if (isUnanswered(error)) await this.#nats.jsm.streams.info(this.#stream);
        throw error;
      }
    });
  }

  /**
   * All of it.
   *
   * @throws ObjectDamagedError when it is not there, or its length is not what it should be; whoever asked for it knows its sha256
   */
  async get(name: string): Promise<Buffer> {
    const info = await this.#patience.until(() => this.#infoOf(name));
    if (info === null || info.deleted)
      throw new ObjectDamagedError(`the object ${name} of ${this.#bucket} is not there`);
    const subject = `$O.${this.#bucket}.C.${info.nuid}`;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (let seq = 1; chunks.length < info.chunks;) {
      const next = seq;
      const chunk = await this.#patience.until(() => this.#chunk(next, subject));
      if (chunk === undefined) break;
      chunks.push(chunk.data);
      bytes += chunk.data.length;
      seq = chunk.seq + 1;
    }
    if (bytes === info.size && chunks.length === info.chunks) return Buffer.concat(chunks);
    throw new ObjectDamagedError(
      `the object ${name} of ${this.#bucket} is damaged: it has ${bytes} bytes, not ${info.size}`,
    );
  }

  async remove(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      await this.#patience.until(async () => {
        if ((await this.#infoOf(name)) === null) return;
        await this.#store.delete(name);
        // What tells of the deletion would stay for ever.
        await this.#purge(this.#metaSubject(name));
      });
    }
    if (this.#untidy) await this.#sweepChunks();
  }

  async removeBelow(folders: readonly string[]): Promise<void> {
    await this.remove((await this.#names()).filter((name) => folders.some((folder) => name.startsWith(`${folder}/`))));
  }

  /** Deletes all that is not `kept`: of a coordinator that died on the way, or of one that came too late. */
  async sweep(kept: (name: string) => boolean): Promise<void> {
    await this.remove((await this.#names()).filter((name) => !kept(name)));
    await this.#sweepChunks();
  }

  async #sweepChunks(): Promise<void> {
    const living = new Set<string>();
    for (const name of await this.#names()) {
      const info = await this.#patience.until(() => this.#infoOf(name));
      if (info !== null) living.add(`$O.${this.#bucket}.C.${info.nuid}`);
    }
    for (const subject of await this.#subjects('C')) {
      if (!living.has(subject)) await this.#patience.until(() => this.#purge(subject));
    }
    this.#untidy = false;
  }

  async #names(): Promise<string[]> {
    const prefix = this.#metaSubject('').length;
    return (await this.#subjects('M')).map((subject) => Buffer.from(subject.slice(prefix), 'base64url').toString());
  }

  async #subjects(kind: 'C' | 'M'): Promise<string[]> {
    const { state } = await this.#patience.until(() =>
      this.#nats.jsm.streams.info(this.#stream, { subjects_filter: `$O.${this.#bucket}.${kind}.>` }),
    );
    return Object.keys(state.subjects ?? {});
  }

  async #infoOf(name: string): ReturnType<ObjectStore['info']> {
    try {
      return await this.#store.info(name);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async #chunk(seq: number, subject: string): Promise<{ seq: number; data: Uint8Array } | undefined> {
    const query = { seq, next_by_subj: subject };
    const { jsm } = this.#nats;
    try {
      return (
        (await jsm.direct.getMessage(this.#stream, query)) ??
        (await jsm.streams.getMessage(this.#stream, query)) ??
        undefined
      );
    } catch (error) {
      // A file of the server that lost some bytes.
      if (failureOf(error).outlook === 'never') throw new ObjectDamagedError(messageOf(error), { cause: error });
      throw error;
    }
  }

  #purge(filter: string): Promise<unknown> {
    return this.#nats.jsm.streams.purge(this.#stream, { filter });
  }

  #metaSubject(name: string): string {
    const padded = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    return `$O.${this.#bucket}.M.${padded}`;
  }
}

function streamFrom(content: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= content.length) controller.close();
      else controller.enqueue(content.subarray(at, (at += CHUNK_BYTES)));
    },
  });
}
