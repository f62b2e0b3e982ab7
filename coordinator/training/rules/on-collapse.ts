/** What a collapse leads to. Pure, and says why. */
import type { RunSettings } from '../../run/config/options.js';
import type { Best } from '../../run/journal/quality.js';
import type { Rollback } from '../../run/journal/rollbacks.js';
import type { Finding } from './finding.js';

export type Demand =
  { kind: 'stop'; reason: string } | { kind: 'rollback'; to: number; evaluated: number; reason: string };

/** It would be one, but it is not: the run goes on as with 'ignore'. */
export interface Refusal {
  kind: 'refused';
  evaluated: number;
  reason: string;
}

interface Situation {
  settings: Pick<RunSettings, 'onCollapse' | 'maxRollbacks'>;
  /** So far. */
  rollbacks: readonly Rollback[];
  /** As of the evaluation. */
  best: Best | undefined;
}

/**
 * @param evaluated the step whose evaluation is in: the answer depends on what was measured until there, not on how far
 *   the training has come meanwhile
 * @param findings all that hold at that step
 */
export function demandOf(
  evaluated: number,
  findings: readonly Finding[],
  { settings, rollbacks, best }: Situation,
): Demand | Refusal | undefined {
  const collapse = findings.find((finding) => finding.collapse);
  if (collapse === undefined || settings.onCollapse === 'ignore') return undefined;
  const reason = `${collapse.rule}: ${collapse.reason}`;
  if (settings.onCollapse === 'stop') return { kind: 'stop', reason };
  if (best === undefined) return { kind: 'refused', evaluated, reason: `there is no best checkpoint (${reason})` };
  if (rollbacks.length >= settings.maxRollbacks) {
    return {
      kind: 'refused',
      evaluated,
      reason: `it has gone back ${rollbacks.length} times already, the limit of --max-rollbacks (${reason})`,
    };
  }
  return { kind: 'rollback', to: best.step, evaluated, reason };
}
