/**
 * Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020): whether samples of one set
 * lie in the balls around those of the other, a ball reaching to the k-th neighbour of its own set.
 */
import { forEachRow, neighbourRadii } from './distances.js';
import type { Gram, Matrix } from './matrix.js';

/** Neighbours of precision and recall, and of density and coverage, as their papers choose them. */
export const PRECISION_NEIGHBOURS = 3;
export const DENSITY_NEIGHBOURS = 5;

export interface Neighbourhoods {
  precision: number;
  recall: number;
  density: number;
  coverage: number;
}

/** The real samples with the radii of their balls, found once for all groups of fakes. */
export interface RealBalls {
  samples: Matrix;
  /** Squared radius of every real sample's ball. */
  precision: Float64Array;
  density: Float64Array;
}

export function realBalls(gram: Gram, samples: Matrix): RealBalls {
  const [precision, density] = neighbourRadii(gram, samples, [PRECISION_NEIGHBOURS, DENSITY_NEIGHBOURS]) as [
    Float64Array,
    Float64Array,
  ];
  return { samples, precision, density };
}

/**
 * A sample on the edge of a ball lies in it (`<=`, as in the papers and in NVIDIA's code; the package prdc has `<`):
 * it matters for copies only, whose distance and radius may both be 0.
 *
 * @param fakes more than 3 of them, and more than 5 real samples
 */
export function neighbourhoods(gram: Gram, real: RealBalls, fakes: Matrix): Neighbourhoods {
  const [fakeRadii] = neighbourRadii(gram, fakes, [PRECISION_NEIGHBOURS]) as [Float64Array];
  const recalled = new Uint8Array(real.samples.rows);
  const covered = new Uint8Array(real.samples.rows);
  let precise = 0;
  let balls = 0;
  forEachRow(gram, fakes, real.samples, (j, squared) => {
    const ownRadius = fakeRadii[j] as number;
    let isPrecise = false;
    for (let i = 0; i < squared.length; i += 1) {
      const distance = squared[i] as number;
      if (distance <= (real.precision[i] as number)) isPrecise = true;
      if (distance <= ownRadius) recalled[i] = 1;
      if (distance <= (real.density[i] as number)) {
        balls += 1;
        covered[i] = 1;
      }
    }
    if (isPrecise) precise += 1;
  });
  return {
    precision: precise / fakes.rows,
    recall: share(recalled),
    density: balls / (DENSITY_NEIGHBOURS * fakes.rows),
    coverage: share(covered),
  };
}

function share(marks: Uint8Array): number {
  return marks.reduce((sum, mark) => sum + mark, 0) / marks.length;
}
