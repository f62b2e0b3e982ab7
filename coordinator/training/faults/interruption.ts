import type { Cause } from '../../run/journal/cause.js';
import type { FaultKind } from './budget.js';

/** The step in progress cannot be committed: everyone goes back to a checkpoint, and the steps since are replayed. */
export class Interruption extends Error {
  override readonly cause: Cause;
  /** Whose worker was at fault. */
  readonly role: string;
  /** performance.now() when it was last known to be well. */
  readonly since: number;

  constructor(cause: Cause, role: string, reason: string, since: number) {
    super(reason);
    this.cause = cause;
    this.role = role;
    this.since = since;
  }
}

/** Which budget a fault is counted against. */
export function kindOf(cause: Cause): FaultKind {
  switch (cause) {
    case 'faulty-step':
      return 'faulty-step';
    case 'crashed':
    case 'gave-up':
    case 'left':
      return 'crash';
    default:
      return 'eviction';
  }
}
