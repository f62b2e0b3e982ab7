/** The steps of a run, one after the other, until the last one or until something calls a step off. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CoordinatorWord, coordinatorSays } from '../../common/observation.js';
import type { Vote__Output } from '../../proto/generated/duet/v1/Vote.js';
import type { Injections } from '../chaos/injections.js';
import { checkpointDue } from '../run/checkpoints/checkpoint-schedule.js';
import { branchOf } from '../run/journal/rollbacks.js';
import { decide, whyFaulty, whyStale } from './barrier.js';
import type { Checkpointing } from './checkpointing.js';
import type { Crew, CrewEvent } from './crew/crew.js';
import { Interruption } from './faults/interruption.js';
import type { Recovery } from './faults/recovery.js';
import type { Supervision } from './faults/supervision.js';
import type { Run, Spectator } from './run.js';
import type { SampleGrids } from './sample-grids.js';
import { stepMetrics } from './step-metrics.js';
import type { StoreWatch } from './store-watch.js';
import type { Watch } from './watch/watch.js';

interface StepsParts {
  run: Run;
  /** Discriminator first. */
  roles: readonly string[];
  crew: Crew;
  checkpointing: Checkpointing;
  grids: SampleGrids;
  watch: Watch;
  recovery: Recovery;
  supervision: Supervision;
  injections: Injections;
  storeWatch: StoreWatch;
  spectator: Spectator;
  /** Aborted when the user wants the run to stop after the step in progress. */
  stop: AbortSignal;
}

/** Of one step, all of them, and what they come to. */
interface Votes {
  votes: Map<string, Vote__Output>;
  averageGeneratorLoss: number;
  /** From the first one to the last. */
  voteSpreadMs: number;
}

export class Steps {
  readonly #parts: StepsParts;
  /** Steps committed. */
  step: number;
  /** When the step in progress began; 0 between steps. */
  #began = 0;
  /** performance.now() of the last commit; 0: none yet. */
  committedAt = 0;

  constructor(parts: StepsParts) {
    this.#parts = parts;
    this.step = parts.run.step;
  }

  /** How long the step in progress has taken; 0 between steps. */
  elapsed(now: number): number {
    return this.#began === 0 ? 0 : now - this.#began;
  }

  /** No step is in progress any more, and this one was the last to be committed. */
  goTo(step: number): void {
    this.#began = 0;
    this.step = step;
  }

  /**
   * Commits step after step until the last one, a stop, or a demand.
   * @returns true when the path that the run is on ends here: what it would keep of this step is dropped in a moment
   */
  async run(): Promise<boolean> {
    const { run, crew, watch, recovery, supervision, injections, checkpointing, storeWatch, spectator, stop } =
      this.#parts;
    this.#began = performance.now();
    await injections.beginning(this.step + 1);
    crew.begin(this.#beginOf(this.step + 1));
    for (let since = performance.now(); ;) {
      const { votes, voteSpreadMs, averageGeneratorLoss } = await this.#votes();
      await storeWatch.room(crew.epoch, stop);
      this.step += 1;
      const evaluate = await watch.due(this.step, stop);
      const { demand } = watch;
      const last = this.step >= run.training.steps || stop.aborted || demand !== undefined;
      const leaves = demand?.kind === 'rollback' && !stop.aborted;
      const { checkpoint } = await this.#commit(averageGeneratorLoss, { last, leaves, evaluate });
      const now = performance.now();
      this.#began = last ? 0 : now;
      this.committedAt = now;
      // The words leave the process at the end of this turn, and everyone waits for them; nobody waits for what follows.
      // But a checkpoint must not exist before its step is in the journal.
      if (!checkpoint) await nextTurn();
      const times = { ms: now - since, voteSpreadMs };
      const metrics = stepMetrics(this.step, crew.epoch, times, averageGeneratorLoss, this.#parts.roles, votes);
      since = now;
      if (!recovery.committed(metrics)) {
        run.journal.metrics(metrics);
        watch.committed(metrics);
      }
      supervision.committed();
      spectator.committed(metrics);
      checkpointing.assertHealthy();
      if (!last) continue;
      if (!leaves) await this.#finish();
      return leaves;
    }
  }

  #faulty(role: string, reason: string): Interruption {
    this.#parts.run.journal.event({ event: 'step-faulty', step: this.step + 1, role, reason });
    return new Interruption('faulty-step', role, `the step is faulty, ${role}: ${reason}`, performance.now());
  }

  /** All votes of the step in progress, and what they come to. @throws Interruption for a faulty step */
  async #votes(): Promise<Votes> {
    const { roles, crew } = this.#parts;
    const votes = new Map<string, Vote__Output>();
    let first = 0;
    for (;;) {
      const event = await crew.next();
      this.#aside(event);
      if (event.kind !== 'message' || !event.message.vote) continue;
      const { member } = event;
      const { vote } = event.message;
      const stale = whyStale(vote, crew.epoch, this.step + 1);
      if (stale !== undefined || member.role === undefined) {
        crew.refuse(member, stale ?? 'a vote without a role');
        continue;
      }
      this.#observe('vote-received', this.step + 1, member.role);
      member.hasVoted(vote);
      if (votes.size === 0) first = performance.now();
      votes.set(member.role, vote);
      // All but this one have been looked at.
      if (votes.size < roles.length && whyFaulty(vote) === undefined) continue;
      const decision = decide(roles, votes);
      if (decision.kind === 'fault') throw this.#faulty(decision.role, decision.reason);
      if (decision.kind !== 'commit') continue;
      const { averageGeneratorLoss } = decision;
      return { votes, averageGeneratorLoss, voteSpreadMs: performance.now() - first };
    }
  }

  /** What comes beside the votes. @returns true for the samples of the newest step */
  #aside(event: CrewEvent): boolean {
    if (event.kind !== 'message' || !event.message.samples || event.member.role === undefined) return false;
    this.#parts.grids.receive(event.member.role, event.message.samples);
    return event.message.samples.step === this.step;
  }

  async #commit(
    averageGeneratorLoss: number,
    { last, leaves, evaluate }: Record<'last' | 'leaves' | 'evaluate', boolean>,
  ): Promise<{ checkpoint: boolean }> {
    const { run, crew, checkpointing, injections } = this.#parts;
    const { settings } = run;
    const { since } = checkpointing;
    const due = leaves ? undefined : checkpointDue(settings, { step: this.step, last, now: performance.now(), since });
    // These must not be left out because the one before is still being written.
    const promised = evaluate || due === 'last' || due === 'kept';
    while (promised && checkpointing.busy) this.#aside(await crew.next());
    const checkpoint = promised || (due !== undefined && !checkpointing.busy);
    if (checkpoint) checkpointing.begin(this.step);
    if (!last) await injections.beginning(this.step + 1);
    this.#observe('commit-sent', this.step);
    crew.tell({
      commit: {
        epoch: crew.epoch,
        step: this.step,
        averageGeneratorLoss,
        checkpoint,
        sample: !leaves && (last || this.step % settings.sampleEvery === 0),
        next: last ? null : this.#beginOf(this.step + 1),
      },
    });
    return { checkpoint };
  }

  #observe(word: CoordinatorWord['word'], step: number, role?: string): void {
    if (!coordinatorSays.heard) return;
    coordinatorSays.tell({ word, epoch: this.#parts.crew.epoch, step, ...(role === undefined ? {} : { role }) });
  }

  #beginOf(step: number) {
    const { run, crew, checkpointing } = this.#parts;
    const { rollbacks, settings } = run;
    return {
      epoch: crew.epoch,
      step,
      branch: branchOf(rollbacks, step),
      signals: settings.signalsEvery > 0 && step % settings.signalsEvery === 0,
      restorable: checkpointing.newest,
    };
  }

  /** After the last commit: the samples and the checkpoint that it asked for are still on their way. */
  async #finish(): Promise<void> {
    const { run, crew, checkpointing } = this.#parts;
    for (let bands = 0; bands < run.training.generators || checkpointing.busy;) {
      if (this.#aside(await crew.next())) bands += 1;
    }
  }
}
