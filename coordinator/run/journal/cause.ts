/** Why a step could not be committed, or a worker was lost, as events name it (docs/faults.md). */
export const CAUSES = [
  /** Its process ended, or its connection broke. */
  'crashed',
  /** It was told to end, and said so. */
  'left',
  /** It said that it cannot go on. */
  'gave-up',
  /** Its process is stopped: SIGSTOP, or a debugger. */
  'stopped',
  /** Nothing is heard of it, by anyone: its machine, its network, or a connection that is open on one side only. */
  'silent',
  /** Two processes do not hear of each other, and a third hears of both. */
  'partitioned',
  /** It computes far longer than it used to, and others do not; or it hangs. */
  'slow',
  /** Messages between two roles take long. */
  'slow-link',
  /** Nobody computes and nobody is cut off, yet a step does not end: a message was lost. */
  'stuck',
  /** It does not become ready. */
  'slow-start',
  /** An exchange, or the transfer of a state, broke. */
  'exchange-broken',
  /** A number was not finite. */
  'faulty-step',
] as const;
export type Cause = (typeof CAUSES)[number];
