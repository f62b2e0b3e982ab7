/** What a worker needs before it can take a role, and keeps when it takes another: the engine, and the data. */
import { DuetError } from '../common/errors.js';
import type { Log } from '../common/log/log.js';
import { type Dataset } from '../gan/data/dataset.js';
import { openDataset } from '../gan/data/open.js';
import type { Engine } from '../gan/engine/index.js';
import type { Job } from './assignment.js';
import { prepareAndLoad } from './engine.js';
import type { PhaseBoard } from './phase-board.js';

export class Equipment {
  readonly #board: PhaseBoard;
  readonly #log: Log;
  #engine: { key: string; engine: Engine } | undefined;
  #data: { key: string; data: Dataset } | undefined;

  constructor(board: PhaseBoard, log: Log) {
    this.#board = board;
    this.#log = log;
  }

  /** All that this job needs. */
  async prepare(job: Job): Promise<void> {
    await this.engine(job);
    if (job.generator === 0) await this.data(job);
  }

  /** @throws DuetError when another engine, or other threads, are asked for than the process has loaded */
  async engine(job: Job): Promise<Engine> {
    const key = JSON.stringify([job.engine, job.threads]);
    if (this.#engine === undefined) {
      this.#board.enter('loading the engine');
      this.#engine = { key, engine: await prepareAndLoad(job, this.#log) };
    }
    if (this.#engine.key !== key) {
      throw new DuetError(`this process has loaded its engine as ${this.#engine.key}, ${key} needs a new process`);
    }
    return this.#engine.engine;
  }

  async data({ config }: Job): Promise<Dataset> {
    const { seed, imageSize, channels } = config;
    const key = JSON.stringify([config.data, seed, imageSize, channels]);
    if (this.#data?.key !== key) {
      this.#board.enter('opening the data');
      const data = await openDataset(config.data, { seed, imageSize, ...(channels === undefined ? {} : { channels }) });
      this.#data = { key, data };
    }
    return this.#data.data;
  }
}
