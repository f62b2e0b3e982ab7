/** What the steps of a measured run are for: which of them warm up, which are measured, and how long computing takes in each. */

/** Steps in which code is compiled and buffers fill; the rules of stability look at the last 500. */
const WARM_UP_STEPS = 600;
const IDLE_MS = 3000;

/** Steps [first, last], both of them measured. */
export interface Stage {
  first: number;
  last: number;
}

export interface Stages {
  /** Computing takes no time: as fast as the coordinator, and the simulated workers, can. */
  fast: Stage;
  /** The step that everyone is late with: what the coordinator does then it does for heartbeats and its own timers. */
  idle: number;
  idleMs: number;
  /** Computing takes the given time. */
  paced: Stage;
  /** Of the run. The one after the measured ones is its last, with checkpoint and samples. */
  steps: number;
  /** How long a worker computes a step, milliseconds. */
  computeMs(step: number): number;
}

/** @param steps measured in each of the two stages @param warmUp steps before them */
export function stagesOf(steps: number, computeMs: number, warmUp = WARM_UP_STEPS, idleMs = IDLE_MS): Stages {
  const fast = { first: warmUp + 1, last: warmUp + steps };
  const idle = fast.last + 1;
  const paced = { first: idle + 1, last: idle + steps };
  return {
    fast,
    idle,
    idleMs,
    paced,
    steps: paced.last + 1,
    computeMs: (step) => (step === idle ? idleMs : step > idle ? computeMs : 0),
  };
}
