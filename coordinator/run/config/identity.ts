/**
 * What besides the config decides the bits of a run's result: the engine's version, the device and the data.
 * The first start records it; a resumed run must find the same, or the user says that other bits are accepted.
 */
import { UsageError } from '../../../common/errors.js';

export interface Identity {
  /** e.g. "tensorflow 2.21.0" */
  engine: string;
  device: string;
  /** sha256 of the training data. */
  data: string;
}

export class RunIdentity {
  #known: Partial<Identity>;
  readonly #accept: boolean;
  readonly #record: (identity: Partial<Identity>) => void;

  /** @param accept true: take what is found and record it instead */
  constructor(known: Partial<Identity>, accept: boolean, record: (identity: Partial<Identity>) => void) {
    this.#known = known;
    this.#accept = accept;
    this.#record = record;
  }

  /** @throws UsageError when a part is known to have been another */
  confirm(found: Partial<Identity>): void {
    for (const key of ['engine', 'device', 'data'] as const) {
      const [was, is] = [this.#known[key], found[key]];
      if (was === undefined || is === undefined || was === is || this.#accept) continue;
      throw new UsageError(
        `this run was trained with ${key} ${was}, found is ${is}: the result would have other bits; go on with --accept-changes if that is what you want`,
      );
    }
    const next = { ...this.#known, ...found };
    if (JSON.stringify(next) === JSON.stringify(this.#known)) return;
    this.#known = next;
    this.#record(next);
  }
}
