/** The position as a part of the page's address, so that a link shows the same picture. */
import { typedSeed } from '../seed.js';
import type { Position } from './latent-path.js';

const REST_MS = 300;

type Shared = Pick<Position, 'from' | 'to' | 'at'>;

/** What the address says; anything that it says wrong is left out. */
export function readAddress(): Partial<Shared> {
  const said = new URLSearchParams(location.hash.slice(1));
  const found: Partial<Shared> = {};
  for (const [key, name] of [
    ['from', 'seed'],
    ['to', 'to'],
  ] as const) {
    const typed = typedSeed(said.get(name) ?? '');
    if ('seed' in typed) found[key] = typed.seed;
  }
  const at = Number(said.get('at') ?? NaN);
  if (at >= 0 && at <= 1) found.at = at;
  return found;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Once the slider rests: browsers refuse a page that changes its address too often. */
export function writeAddress({ from, to, at }: Shared): void {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, '', `#seed=${from}&to=${to}&at=${at}`), REST_MS);
}
