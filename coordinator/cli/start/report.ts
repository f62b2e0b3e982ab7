/** What a person reads when a run has ended. */
import { readBest } from '../../run/journal/quality.js';
import type { Run } from '../../training/run.js';
import type { Outcome } from '../../training/train.js';

function sentenceOf({ recoveries, replayedSteps, staleMessages }: Outcome['faults']): string {
  return `${recoveries} recovered, ${replayedSteps} steps replayed, ${staleMessages} messages of old epochs refused`;
}

export function report(
  { directory }: Run,
  { step, ended, reason, picture, faults }: Outcome,
  exported: boolean,
  seconds: number,
  say: (line: string) => void,
): void {
  if (step === 0) return say('stopped before the first step; nothing is kept');
  if (ended === 'finished') say(`done: ${step} steps in ${Math.round(seconds)} s`);
  else say(`stopped at step ${step} with a checkpoint${ended === 'collapsed' ? ` (${reason})` : ''}`);
  if (faults.recoveries > 0) say(`faults         ${sentenceOf(faults)}`);
  if (picture !== undefined) say(`samples        ${picture}`);
  say(`checkpoints    ${directory.file('checkpoints')}`);
  const best = readBest(directory);
  if (best !== undefined) say(`best           step ${best.step}, KID ${best.kid.toFixed(4)}`);
  if (ended !== 'finished') say(`go on with     npx coordinator start --resume ${directory.path}`);
  if (exported) say(`generators     ${directory.file('export')} (tfjs layers models)`);
  else if (ended === 'finished') say(`export with    npx coordinator export --run ${directory.path}`);
  say(`metrics        ${directory.file('metrics.jsonl')}`);
}

export function reportGivenUp(
  { directory }: Run,
  step: number | undefined,
  grace: number,
  say: (line: string) => void,
): void {
  say(`gave up after ${grace} s (--grace): the step did not end`);
  if (step === undefined) return say('stopped before the first checkpoint; start the run anew');
  say(`stopped; the newest whole checkpoint is of step ${step}`);
  say(`checkpoints    ${directory.file('checkpoints')}`);
  say(`go on with     npx coordinator start --resume ${directory.path}`);
}
