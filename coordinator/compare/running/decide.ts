/** What a run's folder tells about it, and what follows: nothing is remembered anywhere else. */
export interface RunFacts {
  hasResult: boolean;
  /** Why it died, when it did. */
  failure: string | undefined;
  /** A run directory with a config. */
  isRun: boolean;
  /** As run.json tells. */
  state: 'starting' | 'running' | 'finished' | 'stopped' | 'failed' | undefined;
  /** Steps of its checkpoints, ascending. */
  checkpoints: readonly number[];
  /** Steps that it is to make. */
  steps: number;
  /** The last step has an evaluation, made with the options asked for (always true when none is wanted). */
  isEvaluated: boolean;
  /** A process that an earlier comparison left is still at work on it. */
  process: number | undefined;
}

export type Decision =
  | { act: 'none'; because: 'finished' | 'dead' }
  | { act: 'await'; process: number }
  | { act: 'train'; from: 'nothing' | 'checkpoint' }
  | { act: 'evaluate' }
  | { act: 'summarise' }
  | { act: 'bury' };

/** @param forgive a run that died gets another chance */
export function decide(facts: RunFacts, forgive: boolean): Decision {
  if (facts.hasResult) return { act: 'none', because: 'finished' };
  if (facts.process !== undefined) return { act: 'await', process: facts.process };
  if (facts.failure !== undefined && !forgive) return { act: 'none', because: 'dead' };
  const last = facts.checkpoints.at(-1);
  const isTrained = facts.isRun && (facts.state === 'finished' || (last !== undefined && last >= facts.steps));
  if (isTrained && facts.isEvaluated) return { act: 'summarise' };
  if (isTrained && last !== undefined) return { act: 'evaluate' };
  // It failed, and the comparison was ended before it could write that down.
  if (facts.isRun && facts.state === 'failed' && facts.failure === undefined && !forgive) return { act: 'bury' };
  return { act: 'train', from: facts.isRun && !isTrained && last !== undefined ? 'checkpoint' : 'nothing' };
}
