/** How many faults of which kind a run may have before going on is no use. Pure. */

export const FAULT_KINDS = ['crash', 'eviction', 'faulty-step'] as const;
/** crash: a worker ended or left. eviction: one was replaced on suspicion. faulty-step: a number was not finite. */
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultAt {
  /** The step in progress. */
  step: number;
  role: string;
  /** In words; two that differ in their figures only are of one kind. */
  reason: string;
}

export interface FaultLimits {
  maxCrashes: number;
  maxEvictions: number;
  maxFaultySteps: number;
}

export type Spent = { over: false } | { over: true; reason: string };

/** Crashes and evictions of one role in a row, without a newly committed step, that end a run. */
export const FRUITLESS = 5;
/** Times that a fault may meet the same role at the same step, before replaying is known to repeat it. */
export const REPEATED = 3;

const WITHIN: Spent = { over: false };

/** Of one start of the coordinator. */
export class FaultBudget {
  readonly #limits: Record<FaultKind, { most: number; flag: string; name: string }>;
  readonly #spent: Record<FaultKind, number> = { crash: 0, eviction: 0, 'faulty-step': 0 };
  /** Crashes and evictions since the newest new step, by role: a machine that is lost takes several roles with it. */
  readonly #fruitless = new Map<string, FaultAt[]>();
  /** By kind, role, step and kind of reason; those of steps that were committed since are forgotten. */
  readonly #repeats = new Map<string, { step: number; times: number }>();
  #highest = 0;

  constructor({ maxCrashes, maxEvictions, maxFaultySteps }: FaultLimits) {
    this.#limits = {
      crash: { most: maxCrashes, flag: '--max-crashes', name: 'crashes' },
      eviction: { most: maxEvictions, flag: '--max-evictions', name: 'evictions' },
      'faulty-step': { most: maxFaultySteps, flag: '--max-faulty-steps', name: 'faulty steps' },
    };
  }

  /** So far, by kind. */
  get spent(): Readonly<Record<FaultKind, number>> {
    return { ...this.#spent };
  }

  /** @returns over: the run is to end, for this reason */
  spend(kind: FaultKind, at: FaultAt): Spent {
    this.#spent[kind] += 1;
    const times = this.#repeat(kind, at);
    const inVain = kind === 'faulty-step' ? [] : [...(this.#fruitless.get(at.role) ?? []), at];
    if (kind !== 'faulty-step') this.#fruitless.set(at.role, inVain);
    // A link that is down stays down for a while, whatever the step: evictions have the limit in a row.
    if (times >= REPEATED && kind !== 'eviction') {
      return over(
        `${at.role === '' ? 'a worker without a role' : at.role} had the same fault ${times} times at step ${at.step} (${at.reason}): replaying would only repeat it`,
      );
    }
    if (inVain.length >= FRUITLESS) {
      return over(
        `${inVain.length} workers of ${at.role === '' ? 'no role' : at.role} were lost in a row, and no new step was committed between them (${inVain.map(({ reason }) => reason).join('; ')})`,
      );
    }
    const { most, flag, name } = this.#limits[kind];
    if (this.#spent[kind] <= most) return WITHIN;
    return over(
      `${this.#spent[kind]} ${name} are more than ${flag} ${most} allows (the last: ${at.role}, ${at.reason})`,
    );
  }

  /** @param highestStep committed; one that was committed before, and is now replayed, is no progress */
  progressed(highestStep: number): void {
    if (highestStep <= this.#highest) return;
    this.#highest = highestStep;
    this.#fruitless.clear();
    for (const [key, { step }] of this.#repeats) if (step <= highestStep) this.#repeats.delete(key);
  }

  /** The run takes another path after this step: its steps are new ones. */
  wentBack(step: number): void {
    this.#highest = step;
  }

  #repeat(kind: FaultKind, { step, role, reason }: FaultAt): number {
    const key = JSON.stringify([kind, role, step, kindOf(reason)]);
    const times = (this.#repeats.get(key)?.times ?? 0) + 1;
    this.#repeats.set(key, { step, times });
    return times;
  }
}

function over(reason: string): Spent {
  return { over: true, reason };
}

/** Without its figures: a process id, a duration, a loss. What a signal or NaN is called stays. */
function kindOf(reason: string): string {
  return reason.replaceAll(/-?\d+(\.\d+)?(e[+-]?\d+)?/gi, '#');
}
