import { closest, distance } from 'fastest-levenshtein';

/** " (did you mean 'mnist'?)" when a name is close to one that exists, else "". */
export function nearestOf(name: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const best = closest(name, names);
  return distance(name, best) <= Math.max(2, name.length / 3) ? ` (did you mean '${best}'?)` : '';
}
