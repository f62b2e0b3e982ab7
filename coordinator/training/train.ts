/** A run from its first worker to its last step: gather, then step after step until all are committed, whatever fails. */
import type { Vote__Output } from '../../proto/generated/duet/v1/Vote.js';
import { Injections } from '../chaos/injections.js';
import type { Placement } from '../placement/placement.js';
import { dropCheckpointsAfter } from '../run/checkpoints.js';
import { checkpointDue } from '../run/checkpoint-schedule.js';
import { branchOf } from '../run/rollbacks.js';
import { decide, whyStale } from './barrier.js';
import { Checkpointing } from './checkpointing.js';
import { serveControl } from './control-server.js';
import { Crew, type CrewEvent } from './crew.js';
import { Interruption } from './faults/interruption.js';
import { Recovery } from './recovery.js';
import { rolesOf } from './roles.js';
import type { Demand } from './rules/on-collapse.js';
import type { Run, Spectator } from './run.js';
import { SampleGrids } from './sample-grids.js';
import { coordinationService } from './service.js';
import { stepMetrics } from './step-metrics.js';
import { Supervision } from './supervision.js';
import { Watch } from './watch.js';

export interface TrainOptions {
  run: Run;
  placement: Placement;
  spectator: Spectator;
  /** Aborted when the user wants the run to stop after the step in progress. */
  stop: AbortSignal;
  /** After the server listens. */
  listening(address: string): void;
}

export interface Outcome {
  /** Steps committed. */
  step: number;
  /** finished: all steps. stopped: by the user. collapsed: by a rule, with --on-collapse stop. */
  ended: 'finished' | 'stopped' | 'collapsed';
  /** For people: which rule, which signal. */
  reason: string;
  picture: string | undefined;
  faults: FaultTotals;
}

export interface FaultTotals {
  recoveries: number;
  replayedSteps: number;
  /** Messages of an old epoch that were refused, anywhere in the run. */
  staleMessages: number;
}

type Ending = Pick<Outcome, 'ended' | 'reason'>;

/** @throws RunFailedError when faults use up their budget, UsageError when a worker finds the request wrong */
export async function train(options: TrainOptions): Promise<Outcome> {
  using training = new Training(options);
  return await training.run();
}

class Training implements Disposable {
  readonly #options: TrainOptions;
  readonly #run: Run;
  readonly #roles: string[];
  readonly #crew: Crew;
  readonly #checkpointing: Checkpointing;
  readonly #grids: SampleGrids;
  readonly #watch: Watch;
  readonly #recovery: Recovery;
  readonly #supervision: Supervision;
  readonly #injections: Injections;
  #step: number;
  /** When the step in progress began; 0 between steps. */
  #began = 0;

  constructor(options: TrainOptions) {
    const { run, placement, spectator } = options;
    this.#options = options;
    this.#run = run;
    this.#step = run.step;
    this.#roles = rolesOf(run.training.generators);
    this.#recovery = new Recovery(run, spectator, this.#roles);
    this.#crew = new Crew({
      run,
      placement,
      roles: this.#roles,
      assertHealthy: () => this.#checkpointing.assertHealthy(),
      lost: (cause, role, reason) => this.#recovery.lost(cause, role, reason, this.#step + 1),
    });
    this.#checkpointing = new Checkpointing({
      run,
      roles: this.#roles,
      epoch: () => this.#crew.epoch,
      needed: () => this.#watch.needed,
      settled: () => this.#crew.events.push({ kind: 'checkpoint-settled' }),
      written: (step) => {
        this.#recovery.written(step);
        this.#watch.written(step);
      },
    });
    this.#grids = new SampleGrids(run, spectator);
    this.#watch = new Watch(run, spectator, () => this.#checkpointing.retain());
    const stepMs = (now: number) => (this.#began === 0 ? 0 : now - this.#began);
    this.#injections = new Injections({
      run,
      roles: this.#roles,
      workerOf: (role) => this.#crew.memberOf(role)?.name,
      send: (role, message) => this.#crew.memberOf(role)?.send(message),
    });
    this.#supervision = new Supervision({ run, crew: this.#crew, placement, stepMs });
  }

  [Symbol.dispose](): void {
    this.#supervision[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
  }

  async run(): Promise<Outcome> {
    const { run, placement, spectator, stop, listening } = this.#options;
    const [roles, crew, checkpointing, injections] = [this.#roles, this.#crew, this.#checkpointing, this.#injections];
    const { events } = crew;
    await using server = await serveControl(coordinationService({ run, roles, crew, checkpointing, injections }));
    const requestStop = () => events.push({ kind: 'stop-requested', by: String(stop.reason) });
    stop.addEventListener('abort', requestStop, { once: true });
    listening(server.address);
    placement.start({
      coordinator: server.address,
      tokenFile: run.directory.file('token'),
      logs: run.directory.file('logs'),
      ended: (pid, reason) => events.push({ kind: 'child-ended', pid, reason }),
      say: (line) => spectator.say(line),
    });
    try {
      const ending = (await this.#assemble(run.step)) === 'stopped' ? this.#stopped() : await this.#train();
      this.#checkpointing.assertHealthy();
      await this.#grids.settle();
      const faults = { ...this.#recovery.totals, staleMessages: this.#crew.stale };
      return { step: this.#step, picture: this.#grids.latest, faults, ...ending };
    } finally {
      spectator.ended();
      stop.removeEventListener('abort', requestStop);
      this.#checkpointing.abandon();
      injections[Symbol.dispose]();
      this.#crew.dismiss('the run is over');
    }
  }

  #stopped(): Ending {
    return { ended: 'stopped', reason: String(this.#options.stop.reason) };
  }

  /** To the last step, through every fault, and from a collapse back to the best and on again. */
  async #train(): Promise<Ending> {
    const { run, spectator, stop } = this.#options;
    if (this.#step >= run.training.steps) return { ended: 'finished', reason: 'all steps' };
    run.journal.event({ event: 'training-began', epoch: this.#crew.epoch, step: this.#step });
    spectator.began(this.#step);
    this.#watch.begin(this.#step);
    for (;;) {
      const leaves = await this.#steps();
      if (leaves === 'stopped') return this.#stopped();
      // The evaluation of the last step, too, may send the run back.
      await this.#watch.settle(stop);
      // A path that ended without a checkpoint is left first, whatever the user wishes.
      if (stop.aborted && !leaves) return this.#stopped();
      const { demand } = this.#watch;
      if (demand === undefined) return { ended: 'finished', reason: 'all steps' };
      if (demand.kind === 'stop') return { ended: 'collapsed', reason: demand.reason };
      if ((await this.#goBack(demand)) === 'stopped') return this.#stopped();
    }
  }

  /** As `#path`, through faults. */
  async #steps(): Promise<boolean | 'stopped'> {
    for (;;) {
      try {
        return await this.#path();
      } catch (error) {
        this.#began = 0;
        if (!(error instanceof Interruption)) throw error;
        if ((await this.#recover(error)) === 'stopped') return 'stopped';
        // All there is of the last step is on the disk, but for a picture.
        if (this.#step >= this.#run.training.steps) return false;
      }
    }
  }

  /**
   * Commits step after step until the last one, a stop, or a demand.
   * @returns true when the path that the run is on ends here: what it would keep of this step is dropped in a moment
   */
  async #path(): Promise<boolean> {
    const { run, spectator, stop } = this.#options;
    this.#began = performance.now();
    await this.#injections.beginning(this.#step + 1);
    this.#crew.begin(this.#beginOf(this.#step + 1));
    for (let since = performance.now(); ;) {
      const votes = await this.#votes();
      const decision = decide(this.#roles, votes);
      if (decision.kind !== 'commit') throw this.#faulty(decision);
      this.#step += 1;
      const evaluate = await this.#watch.due(this.#step, stop);
      const { demand } = this.#watch;
      const last = this.#step >= run.training.steps || stop.aborted || demand !== undefined;
      const leaves = demand?.kind === 'rollback' && !stop.aborted;
      await this.#commit(decision.averageGeneratorLoss, { last, leaves, evaluate });
      const now = performance.now();
      this.#began = last ? 0 : now;
      const { epoch } = this.#crew;
      const metrics = stepMetrics(this.#step, epoch, now - since, decision.averageGeneratorLoss, this.#roles, votes);
      since = now;
      if (!this.#recovery.committed(metrics)) {
        run.journal.metrics(metrics);
        this.#watch.committed(metrics);
      }
      this.#supervision.committed();
      spectator.committed(metrics);
      this.#checkpointing.assertHealthy();
      if (!last) continue;
      if (!leaves) await this.#finish();
      return leaves;
    }
  }

  #faulty(decision: { kind: string; role?: string; reason?: string }): Interruption {
    const { role = '', reason = 'votes are missing' } = decision;
    this.#run.journal.event({ event: 'step-faulty', step: this.#step + 1, role, reason });
    return new Interruption('faulty-step', role, `the step is faulty, ${role}: ${reason}`, performance.now());
  }

  /** All votes of the step in progress, or as many as it takes to know that it is faulty. */
  async #votes(): Promise<Map<string, Vote__Output>> {
    const votes = new Map<string, Vote__Output>();
    while (decide(this.#roles, votes).kind === 'wait') {
      const event = await this.#crew.next();
      this.#aside(event);
      if (event.kind !== 'message' || !event.message.vote) continue;
      const { member, message } = event;
      const stale = whyStale(event.message.vote, this.#crew.epoch, this.#step + 1);
      if (stale !== undefined || member.role === undefined) {
        this.#crew.refuse(member, stale ?? 'a vote without a role');
        continue;
      }
      member.hasVoted(event.message.vote);
      if (message.vote) votes.set(member.role, message.vote);
    }
    return votes;
  }

  /** What comes beside the votes. @returns true for the samples of the newest step */
  #aside(event: CrewEvent): boolean {
    if (event.kind !== 'message' || !event.message.samples || event.member.role === undefined) return false;
    this.#grids.receive(event.member.role, event.message.samples);
    return event.message.samples.step === this.#step;
  }

  async #commit(
    averageGeneratorLoss: number,
    { last, leaves, evaluate }: Record<'last' | 'leaves' | 'evaluate', boolean>,
  ): Promise<void> {
    const { settings } = this.#options.run;
    const { since } = this.#checkpointing;
    const due = leaves ? undefined : checkpointDue(settings, { step: this.#step, last, now: performance.now(), since });
    // These must not be left out because the one before is still being written.
    const promised = evaluate || due === 'last' || due === 'kept';
    while (promised && this.#checkpointing.busy) this.#aside(await this.#crew.next());
    const checkpoint = promised || (due !== undefined && !this.#checkpointing.busy);
    if (checkpoint) this.#checkpointing.begin(this.#step);
    if (!last) await this.#injections.beginning(this.#step + 1);
    this.#crew.tell({
      commit: {
        epoch: this.#crew.epoch,
        step: this.#step,
        averageGeneratorLoss,
        checkpoint,
        sample: !leaves && (last || this.#step % settings.sampleEvery === 0),
        next: last ? null : this.#beginOf(this.#step + 1),
      },
    });
  }

  #beginOf(step: number) {
    const { rollbacks, settings } = this.#run;
    return {
      epoch: this.#crew.epoch,
      step,
      branch: branchOf(rollbacks, step),
      signals: settings.signalsEvery > 0 && step % settings.signalsEvery === 0,
      restorable: this.#checkpointing.newest,
    };
  }

  /** After the last commit: the samples and the checkpoint that it asked for are still on their way. */
  async #finish(): Promise<void> {
    for (let bands = 0; bands < this.#run.training.generators || this.#checkpointing.busy;) {
      if (this.#aside(await this.#crew.next())) bands += 1;
    }
  }

  /** Back to the newest checkpoint, with whoever is left and whoever comes; the steps since are replayed. */
  async #recover(fault: Interruption): Promise<'ready' | 'stopped'> {
    this.#recovery.begin(fault, this.#step + 1);
    this.#checkpointing.abandon();
    const to = this.#recovery.target();
    this.#wentBack(to);
    this.#watch.recovered(to);
    // What is on the disk is all that a stop needs.
    if (this.#options.stop.aborted) return 'stopped';
    const outcome = await this.#assemble(to);
    this.#recovery.ready();
    return outcome;
  }

  /** Everyone at that step, or at an earlier one when its state is not to be had. */
  async #assemble(step: number): Promise<'ready' | 'stopped'> {
    try {
      return await this.#crew.assemble(step, () => this.#recovery.placed());
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      return await this.#recover(error);
    }
  }

  #wentBack(to: number): void {
    this.#step = to;
    this.#checkpointing.newest = to;
    this.#checkpointing.since = performance.now();
    this.#grids.wentBack();
    this.#options.spectator.wentBack(to);
  }

  /** Back to the best checkpoint, and on from there on another path. All workers are between two steps. */
  async #goBack({ to, evaluated, reason }: Extract<Demand, { kind: 'rollback' }>): Promise<'ready' | 'stopped'> {
    const { run, spectator } = this.#options;
    const from = this.#step;
    await this.#watch.idle();
    // In this order: interrupted between any two, the run comes to the same collapse and goes back again.
    dropCheckpointsAfter(run.directory, to);
    run.journal.rewind(to);
    run.recordRollback({ evaluated, to });
    const branch = run.rollbacks.length;
    run.journal.event({ event: 'rolled-back', step: from, to, evaluated, branch, reason });
    spectator.say(`step ${from}  back to step ${to} and on another path (${branch}): ${reason}`);
    this.#watch.wentBack(to);
    this.#recovery.wentBack(to);
    this.#wentBack(to);
    return await this.#assemble(to);
  }
}
