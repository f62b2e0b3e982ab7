/** The evaluations of a run, of at most so many points: what the chart of KID draws. */
import type { Quality } from '../run/journal/quality.js';
import type { QualityPoint, QualityView } from './messages.js';

const DEFAULT_POINTS = 1000;
/** More than a run can have. */
const MOST_GENERATORS = 128;

export class QualityLog {
  readonly #most: number;
  #points: QualityPoint[] = [];
  /** Every so many of the evaluations are kept. */
  #stride = 1;
  #best: QualityView['best'] = null;
  #modes: QualityView['modes'] = null;
  /** Grows with every change. */
  revision = 0;
  #count = 0;

  constructor(most = DEFAULT_POINTS) {
    this.#most = most;
  }

  clear(): void {
    this.#points = [];
    this.#stride = 1;
    this.#count = 0;
    this.#best = null;
    this.#modes = null;
    this.revision += 1;
  }

  /** A line of quality.jsonl. One that is none does not count. */
  add({ step, kid, floor, generators, modes, modesOf }: Partial<Quality>): void {
    if (!Number.isSafeInteger(step) || typeof kid !== 'number' || !Number.isFinite(kid)) return;
    const point = { step: step as number, kid, floor: typeof floor === 'number' ? floor : 0, ...byRole(generators) };
    if (this.#best === null || kid < this.#best.kid) this.#best = { step: point.step, kid };
    this.#modes = modes === undefined || modesOf === undefined ? null : { found: modes, of: modesOf };
    // The newest is always there; it gives way to the next unless it is one of those that stay.
    if (this.#count > 0 && (this.#count - 1) % this.#stride !== 0) this.#points.pop();
    this.#points.push(point);
    this.#count += 1;
    this.revision += 1;
    if (this.#points.length > this.#most) {
      this.#points = this.#points.filter((_, i) => i % 2 === 0);
      this.#stride *= 2;
      // The newest must not be counted as kept if it was dropped.
      if (this.#points.at(-1) !== point) this.#points.push(point);
    }
  }

  view(): QualityView {
    return { points: this.#points, best: this.#best, modes: this.#modes };
  }
}

function byRole(generators: unknown): { generators: Record<string, number> } {
  const entries = typeof generators === 'object' && generators !== null ? Object.entries(generators) : [];
  return {
    generators: Object.fromEntries(entries.filter(([, value]) => typeof value === 'number').slice(0, MOST_GENERATORS)),
  };
}
