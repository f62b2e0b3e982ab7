/** Seeds, slider and count: where between which samples the page stands. */
import { byId, setAttribute, setText } from '../../page/browser/dom.js';
import { count as written } from '../../page/browser/format.js';
import { typedSeed } from '../seed.js';
import type { Position } from './latent-path.js';

/** Positions of the slider: fine enough to be smooth, coarse enough for the arrow keys. */
const STOPS = 400;
/** New seeds are below: short enough to be read out. */
const NEW_SEEDS = 1_000_000;

export class Controls {
  readonly #from = byId<HTMLInputElement>('from');
  readonly #to = byId<HTMLInputElement>('to');
  readonly #at = byId<HTMLInputElement>('at');
  readonly #count = byId<HTMLSelectElement>('count');
  readonly #problem = byId('seed-problem');
  readonly #moved: (position: Position) => void;
  #position: Position;

  /** @param counts that can be chosen @param moved called with every new position */
  constructor(position: Position, counts: readonly number[], moved: (position: Position) => void) {
    this.#position = position;
    this.#moved = moved;
    this.#at.max = String(STOPS);
    for (const count of counts) this.#count.add(new Option(written(count), String(count)));
    this.#at.addEventListener('input', () => this.move({ at: Number(this.#at.value) / STOPS }));
    this.#count.addEventListener('change', () => this.move({ count: Number(this.#count.value) }));
    // Who types a seed wants to see it: its end of the slider.
    this.#onSeed(this.#from, (from) => this.move({ from, at: 0 }));
    this.#onSeed(this.#to, (to) => this.move({ to, at: 1 }));
    byId('new').addEventListener('click', () => this.move({ from: newSeed(), to: newSeed(), at: 0 }));
    this.#show();
  }

  /** To another position; what is not named stays as it is. */
  move(change: Partial<Position>): void {
    this.#position = { ...this.#position, ...change };
    this.#show();
    this.#moved(this.#position);
  }

  /** Enter counts also where the seed is the one that was there. */
  #onSeed(input: HTMLInputElement, use: (seed: number) => void): void {
    input.addEventListener('change', () => this.#typed(input, use));
    input.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') this.#typed(input, use);
    });
  }

  #typed(input: HTMLInputElement, use: (seed: number) => void): void {
    const typed = typedSeed(input.value);
    if ('seed' in typed) return use(typed.seed);
    setAttribute(input, 'aria-invalid', 'true');
    setText(this.#problem, typed.problem);
  }

  #show(): void {
    const { from, to, at, count } = this.#position;
    for (const [input, seed] of [
      [this.#from, from],
      [this.#to, to],
    ] as const) {
      input.value = String(seed);
      input.removeAttribute('aria-invalid');
    }
    setText(this.#problem, '');
    this.#at.value = String(Math.round(at * STOPS));
    this.#count.value = String(count);
    const words = wordsOf(this.#position);
    setText(byId('where'), words);
    setAttribute(this.#at, 'aria-valuetext', words);
  }
}

/** seed 1; 25 % of the way from seed 1 to seed 2 */
export function wordsOf({ from, to, at }: Position): string {
  if (at === 0) return `seed ${from}`;
  if (at === 1) return `seed ${to}`;
  return `${Math.round(at * 100)}\u00a0% of the way from seed ${from} to seed ${to}`;
}

function newSeed(): number {
  return Math.floor(Math.random() * NEW_SEEDS);
}
