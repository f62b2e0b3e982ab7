/** A run from its first worker to its last step: gather, then step after step until all are committed. */
import type { Vote__Output } from '../../proto/generated/duet/v1/Vote.js';
import { RefusedError } from '../../common/errors.js';
import type { Placement } from '../placement/placement.js';
import { dropCheckpointsAfter, readRole } from '../run/checkpoints.js';
import { branchOf } from '../run/rollbacks.js';
import { decide, whyStale } from './barrier.js';
import { Checkpointing } from './checkpointing.js';
import { type ControlServerOptions, serveControl } from './control-server.js';
import { Crew } from './crew.js';
import { watchMembers } from './membership.js';
import { rolesOf } from './roles.js';
import type { Demand } from './rules/on-collapse.js';
import type { Run, Spectator } from './run.js';
import { SampleGrids } from './sample-grids.js';
import { stepMetrics } from './step-metrics.js';
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
}

type Ending = Pick<Outcome, 'ended' | 'reason'>;

/** @throws RunFailedError when a worker is lost or a step is faulty, UsageError when a worker finds the request wrong */
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
  #step: number;
  /** The step whose states the workers may load. */
  #restorable: number;

  constructor(options: TrainOptions) {
    const { run, spectator } = options;
    this.#options = options;
    this.#run = run;
    this.#step = run.step;
    this.#restorable = run.step;
    this.#roles = rolesOf(run.training.generators);
    this.#crew = new Crew({
      run,
      roles: this.#roles,
      step: () => this.#step,
      assertHealthy: () => this.#checkpointing.assertHealthy(),
    });
    this.#checkpointing = new Checkpointing({
      run,
      roles: this.#roles,
      needed: () => this.#watch.needed,
      written: (step) => this.#watch.written(step),
    });
    this.#grids = new SampleGrids(run, spectator);
    this.#watch = new Watch(run, spectator, () => this.#checkpointing.retain());
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  async run(): Promise<Outcome> {
    const { run, placement, spectator, stop, listening } = this.#options;
    const { bus, members } = this.#crew;
    await using server = await serveControl(this.#service());
    using _watch = watchMembers(members);
    const requestStop = () => bus.emit('event', { kind: 'stop-requested', by: String(stop.reason) });
    stop.addEventListener('abort', requestStop, { once: true });
    listening(server.address);
    placement.start({
      count: this.#roles.length,
      coordinator: server.address,
      tokenFile: run.directory.file('token'),
      logs: run.directory.file('logs'),
      ended: (reason) => bus.emit('event', { kind: 'child-ended', reason }),
      say: (line) => spectator.say(line),
    });
    try {
      const ending = (await this.#crew.gather()) ? this.#stopped() : await this.#train();
      await this.#checkpointing.settle();
      await this.#grids.settle();
      return { step: this.#step, picture: this.#grids.latest, ...ending };
    } finally {
      spectator.ended();
      stop.removeEventListener('abort', requestStop);
      this.#checkpointing.abandon();
      this.#crew.dismiss('the run is over');
    }
  }

  #service(): ControlServerOptions {
    const { run } = this.#options;
    return {
      host: run.settings.host,
      port: run.settings.port,
      token: run.token,
      bus: this.#crew.bus,
      admit: () => this.#crew.admit(),
      openState: (header) => this.#checkpointing.open(header),
      stateSaved: () => this.#checkpointing.saved(),
      stateFailed: (error) => this.#checkpointing.failed(error),
      readState: (role, step) => {
        if (!this.#roles.includes(role) || step !== this.#restorable) {
          throw new RefusedError('NOT_FOUND', `there is no state of '${role}' at step ${step} to load`);
        }
        return readRole(run.directory, step, role);
      },
    };
  }

  #stopped(): Ending {
    return { ended: 'stopped', reason: String(this.#options.stop.reason) };
  }

  /** To the last step, and from a collapse back to the best and on again. */
  async #train(): Promise<Ending> {
    const { run, spectator, stop } = this.#options;
    if (this.#step >= run.training.steps) return { ended: 'finished', reason: 'all steps' };
    run.journal.event({ event: 'training-began', epoch: this.#crew.epoch, step: this.#step });
    spectator.began(this.#step);
    this.#watch.begin(this.#step);
    for (;;) {
      this.#crew.begin(this.#beginOf(this.#step + 1));
      const leaves = await this.#steps();
      // The evaluation of the last step, too, may send the run back.
      await this.#watch.settle(stop);
      // A path that ended without a checkpoint is left first, whatever the user wishes.
      if (stop.aborted && !leaves) return this.#stopped();
      const { demand } = this.#watch;
      if (demand === undefined) return { ended: 'finished', reason: 'all steps' };
      if (demand.kind === 'stop') return { ended: 'collapsed', reason: demand.reason };
      await this.#goBack(demand);
    }
  }

  /**
   * Commits step after step until the last one, a stop, or a demand.
   * @returns true when the path that the run is on ends here: what it would keep of this step is dropped in a moment
   */
  async #steps(): Promise<boolean> {
    const { run, spectator, stop } = this.#options;
    const { steps } = run.training;
    for (let since = performance.now(); ;) {
      const votes = await this.#votes();
      const decision = decide(this.#roles, votes);
      if (decision.kind !== 'commit') {
        const reason = decision.kind === 'fault' ? `${decision.role}: ${decision.reason}` : 'votes are missing';
        run.journal.event({ event: 'step-faulty', step: this.#step + 1, reason });
        throw this.#crew.failed(`the step is faulty, ${reason}`);
      }
      this.#step += 1;
      const evaluate = await this.#watch.due(this.#step, stop);
      const { demand } = this.#watch;
      const last = this.#step >= steps || stop.aborted || demand !== undefined;
      const leaves = demand?.kind === 'rollback' && !stop.aborted;
      await this.#commit(decision.averageGeneratorLoss, { last, leaves, evaluate });
      const now = performance.now();
      const metrics = stepMetrics(
        this.#step,
        this.#crew.epoch,
        now - since,
        decision.averageGeneratorLoss,
        this.#roles,
        votes,
      );
      since = now;
      run.journal.metrics(metrics);
      spectator.committed(metrics);
      this.#watch.committed(metrics);
      this.#checkpointing.assertHealthy();
      if (!last) continue;
      if (!leaves) await this.#finish();
      return leaves;
    }
  }

  /** All votes of the step in progress, or as many as it takes to know that it is faulty. */
  async #votes(): Promise<Map<string, Vote__Output>> {
    const votes = new Map<string, Vote__Output>();
    while (decide(this.#roles, votes).kind === 'wait') {
      const event = await this.#crew.next();
      if (event.kind !== 'message') continue;
      const { member, message } = event;
      if (message.samples && member.role !== undefined) this.#grids.receive(member.role, message.samples);
      if (!message.vote) continue;
      const stale = whyStale(message.vote, this.#crew.epoch, this.#step + 1);
      if (stale !== undefined || member.role === undefined) {
        this.#crew.refuse(member, stale ?? 'a vote without a role');
        continue;
      }
      votes.set(member.role, message.vote);
    }
    return votes;
  }

  async #commit(
    averageGeneratorLoss: number,
    { last, leaves, evaluate }: Record<'last' | 'leaves' | 'evaluate', boolean>,
  ): Promise<void> {
    const { settings } = this.#options.run;
    const due = (every: number) => !leaves && (last || this.#step % every === 0);
    // These checkpoints must not be left out because the one before is still being written.
    if (last || evaluate) await this.#checkpointing.settle();
    const checkpoint = evaluate || (due(settings.checkpointEvery) && !this.#checkpointing.busy);
    if (checkpoint) this.#checkpointing.begin(this.#step);
    this.#crew.tell({
      commit: {
        epoch: this.#crew.epoch,
        step: this.#step,
        averageGeneratorLoss,
        checkpoint,
        sample: due(settings.sampleEvery),
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
    };
  }

  /** After the last commit: the samples and the checkpoint that it asked for are still on their way. */
  async #finish(): Promise<void> {
    const saved = this.#checkpointing.settle();
    let bands = 0;
    // Awaited below; until then a failure must not count as one that nobody handles.
    saved.catch(() => {});
    while (bands < this.#run.training.generators) {
      const event = await this.#crew.next();
      if (event.kind !== 'message' || !event.message.samples || event.member.role === undefined) continue;
      if (event.message.samples.step === this.#step) bands += 1;
      this.#grids.receive(event.member.role, event.message.samples);
    }
    await saved;
  }

  /** Back to the best checkpoint, and on from there on another path. All workers are between two steps. */
  async #goBack({ to, evaluated, reason }: Extract<Demand, { kind: 'rollback' }>): Promise<void> {
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
    this.#step = to;
    this.#restorable = to;
    spectator.wentBack(to);
    await this.#crew.restore(to);
  }
}
