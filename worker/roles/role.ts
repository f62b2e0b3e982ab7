/** One role of a run, as the compute thread drives it. */
import type { RoleState } from '../../gan/network/role-state.js';
import type { Begin__Output } from '../../proto/generated/duet/v1/Begin.js';
import type { Vote } from '../../proto/generated/duet/v1/Vote.js';
import type { ComputeFaults } from '../faults/compute-faults.js';
import type { Inbox } from '../inbox.js';
import type { PhaseBoard } from '../phase-board.js';
import type { Position } from './ahead.js';

/** What a role finds around it in its worker. */
export interface Surroundings {
  inbox: Inbox;
  board: PhaseBoard;
  /** Made on purpose. */
  faults: ComputeFaults;
}

export interface Role {
  readonly state: RoleState;
  /** Computes a step up to its staged update, and says so. @throws FaultyStepError, StepAbortedError */
  step(begin: Begin__Output): Vote;
  /**
   * Begins the step after the one that was voted for while the others still compute or vote, on the staged weights:
   * as far as it goes without another role. If the commit never comes, `drop` takes it back.
   */
  ahead(next: Position): void;
  /** Drops what the step in progress has staged, and what was begun of the one after it. */
  drop(): void;
  /** Samples of the fixed latents, for people to look at; only generators have them. */
  samples?(): { data: Float32Array; shape: number[] };
}
