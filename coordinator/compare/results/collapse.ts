/** When a run counts as collapsed in the report. The definition is printed there, word for word. */
import { isMixture, mixtureNamed } from '../../../gan/data/mixtures.js';
import { EVALUATIONS, type Quality } from './quality.js';

export interface Collapse {
  rule: 'diverged' | 'kid-regressed' | 'modes-lost';
  reason: string;
}

/** last KID / best KID above which an evaluation speaks for a collapse. */
const WORST_RATIO = 1.5;

export const COLLAPSE_DEFINITION = `A run counts as collapsed when it diverged (it ended with a step whose numbers were not finite), when the KID of its last ${EVALUATIONS} evaluations during training is more than ${WORST_RATIO} times its best one, or, on Gaussian mixtures, when its generators reach at most half of the modes at the end.`;

interface Signs {
  data: string;
  quality: Quality | undefined;
  /** Of the mixture of all generators, at the end. */
  modes: number | undefined;
  /** Why the step that ended the run was faulty. */
  faulty: string | undefined;
}

export function collapseOf({ data, quality, modes, faulty }: Signs): Collapse | null {
  if (faulty !== undefined) return { rule: 'diverged', reason: faulty };
  const ratios = quality?.lastRatios ?? [];
  if (ratios.length >= EVALUATIONS && ratios.every((ratio) => ratio > WORST_RATIO)) {
    const smallest = Math.min(...ratios).toFixed(2);
    return { rule: 'kid-regressed', reason: `the last ${EVALUATIONS} KIDs are ${smallest} times the best or more` };
  }
  if (isMixture(data) && modes !== undefined) {
    const all = mixtureNamed(data).centres.length;
    if (modes <= all / 2) return { rule: 'modes-lost', reason: `${modes} of ${all} modes` };
  }
  return null;
}
