/** A probe that tries to tell two generators apart: the majority of a sample's nearest neighbours says whose it is. */
import { forEachRow } from './distances.js';
import { type Gram, type Matrix, rowsOf, stack } from './matrix.js';

/** Odd, so that there is no tie. */
export const PROBE_NEIGHBOURS = 5;

/**
 * Share of samples that the probe names rightly. It learns the first half of each set and is asked about the second:
 * about 0.5 when the sets are of one distribution, 1 when they do not meet.
 * @param a at least ten samples, as b
 */
export function probeAccuracy(gram: Gram, a: Matrix, b: Matrix): number {
  const [halfA, halfB] = [Math.floor(a.rows / 2), Math.floor(b.rows / 2)];
  const known = stack([rowsOf(a, 0, halfA), rowsOf(b, 0, halfB)]);
  const asked = stack([rowsOf(a, halfA, a.rows), rowsOf(b, halfB, b.rows)]);
  const askedOfA = a.rows - halfA;
  let right = 0;
  forEachRow(gram, asked, known, (i, squared) => {
    const ofA = nearestPlaces(squared, PROBE_NEIGHBOURS).filter((place) => place < halfA).length;
    if (ofA * 2 > PROBE_NEIGHBOURS === i < askedOfA) right += 1;
  });
  return right / asked.rows;
}

/** Where the k smallest values are; of equal values the first ones. */
function nearestPlaces(squared: Float64Array, k: number): number[] {
  const places: number[] = [];
  for (let j = 0; j < squared.length; j += 1) {
    const value = squared[j] as number;
    if (places.length === k && value >= (squared[places[k - 1] as number] as number)) continue;
    let at = Math.min(places.length, k - 1);
    for (; at > 0 && (squared[places[at - 1] as number] as number) > value; at -= 1)
      places[at] = places[at - 1] as number;
    places[at] = j;
  }
  return places;
}
