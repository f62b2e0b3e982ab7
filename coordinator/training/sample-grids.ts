/** Sample grids: a picture of a step once every generator has sent its band. Drawn beside the training, not within it. */
import { messageOf } from '../../common/errors.js';
import type { Samples__Output } from '../../proto/generated/duet/v1/Samples.js';
import { sampleGrid } from '../pictures/sample-grid.js';
import { checkpointName } from '../run/checkpoints/checkpoints.js';
import type { Run, Spectator } from './run.js';

interface Band {
  title: string;
  samples: Float32Array | Uint8Array;
  count: number;
}

export class SampleGrids {
  readonly #run: Run;
  readonly #spectator: Spectator;
  /** Bands by role of the steps whose pictures are not whole. */
  readonly #waiting = new Map<number, Map<string, Band>>();
  #drawing: Promise<void> = Promise.resolve();
  /** Path of the newest picture. */
  latest: string | undefined;

  constructor(run: Run, spectator: Spectator) {
    this.#run = run;
    this.#spectator = spectator;
  }

  receive(role: string, { step, shape, dtype, data }: Samples__Output): void {
    const [count = 0, ...sample] = shape;
    const samples = dtype === 'uint8' ? data : new Float32Array(new Uint8Array(data).buffer);
    if (samples.length !== shape.reduce((a, b) => a * b, 1)) return;
    const byRole = this.#waiting.get(step) ?? new Map<string, Band>();
    byRole.set(role, { title: role, samples, count });
    this.#waiting.set(step, byRole);
    if (byRole.size < this.#run.training.generators) return;
    this.#waiting.delete(step);
    const bands = [...byRole.values()];
    bands.sort((a, b) => a.title.localeCompare(b.title, 'en', { numeric: true }));
    this.#drawing = this.#drawing.then(() => this.#draw(step, sample, bands));
  }

  /** The steps since a checkpoint come again, on the same path or on another. */
  wentBack(): void {
    this.#waiting.clear();
  }

  /** Waits until every picture that can be drawn is on the disk. */
  async settle(): Promise<void> {
    await this.#drawing;
  }

  async #draw(step: number, shape: number[], bands: Band[]): Promise<void> {
    const path = `samples/${checkpointName(step)}.png`;
    const file = this.#run.directory.file(path);
    try {
      const picture = await sampleGrid({ bands, shape });
      this.#run.directory.writePicture(path, picture);
      this.latest = file;
      this.#run.journal.event({ event: 'samples-written', step, file });
    } catch (error) {
      // A picture is for people; its loss must not end the training.
      this.#spectator.say(`the sample grid of step ${step} could not be drawn: ${messageOf(error)}`);
    }
  }
}
