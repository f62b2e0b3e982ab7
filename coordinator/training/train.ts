/** A run from its first worker to its last step: gather, then step after step until all are committed, whatever fails. */
import type { RefusedListener } from '../../common/rpc.js';
import type { Trust } from '../../common/trust/trust.js';
import { Injections } from '../chaos/injections.js';
import type { Placement } from '../placement/placement.js';
import { dropCheckpointsAfter } from '../run/checkpoints/checkpoints.js';
import type { LiveView } from '../view/run-view.js';
import { Checkpointing } from './checkpointing.js';
import { serveControl } from './crew/control-server.js';
import { Crew } from './crew/crew.js';
import { rolesOf } from './crew/roles.js';
import { coordinationService } from './crew/service.js';
import { Interruption } from './faults/interruption.js';
import { Recovery } from './faults/recovery.js';
import { Supervision } from './faults/supervision.js';
import { liveView } from './live-view.js';
import type { Demand } from './rules/on-collapse.js';
import type { Run, Spectator } from './run.js';
import { SampleGrids } from './sample-grids.js';
import { Steps } from './steps.js';
import { StoreWatch } from './store-watch.js';
import { Watch } from './watch/watch.js';

export interface TrainOptions {
  run: Run;
  placement: Placement;
  spectator: Spectator;
  /** Mutual TLS; undefined: none. */
  trust?: Trust | undefined;
  /** Under it: told of connections that are refused. */
  refused?: RefusedListener;
  /** Aborted when the user wants the run to stop after the step in progress. */
  stop: AbortSignal;
  /** After a stop the workers are left to themselves: another coordinator will go on with the run. */
  handsOver: boolean;
  /** After the server listens. `live` can be asked from then on. */
  listening(address: string, live: () => LiveCounts): void;
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

/** One look at what only the running coordinator knows. */
export interface LiveCounts {
  view: LiveView;
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
  readonly #storeWatch: StoreWatch;
  readonly #steps: Steps;
  #began = false;

  constructor(options: TrainOptions) {
    const { run, placement, spectator, stop } = options;
    this.#options = options;
    this.#run = run;
    this.#roles = rolesOf(run.training.generators);
    this.#recovery = new Recovery(run, spectator, this.#roles);
    this.#crew = new Crew({
      run,
      placement,
      roles: this.#roles,
      waiting: (reason, epoch) => spectator.waiting(reason, epoch),
      assertHealthy: () => this.#checkpointing.assertHealthy(),
      lost: (cause, role, reason) => this.#recovery.lost(cause, role, reason, this.#steps.step + 1),
    });
    this.#checkpointing = new Checkpointing({
      run,
      roles: this.#roles,
      epoch: () => this.#crew.epoch,
      needed: () => this.#watch.needed,
      settled: () => this.#crew.roster.events.push({ kind: 'checkpoint-settled' }),
      written: (step) => {
        this.#recovery.written(step);
        this.#watch.written(step);
      },
    });
    this.#grids = new SampleGrids(run, spectator);
    this.#watch = new Watch(run, spectator, () => this.#checkpointing.retain());
    this.#injections = new Injections({
      run,
      roles: this.#roles,
      workerOf: (role) => this.#crew.memberOf(role)?.name,
      send: (role, message) => this.#crew.memberOf(role)?.send(message),
    });
    this.#supervision = new Supervision({
      run,
      crew: this.#crew,
      placement,
      stepMs: (now) => this.#steps.elapsed(now),
    });
    this.#storeWatch = new StoreWatch(run, (reason, epoch) => spectator.waiting(reason, epoch));
    this.#steps = new Steps({
      run,
      roles: this.#roles,
      crew: this.#crew,
      checkpointing: this.#checkpointing,
      grids: this.#grids,
      watch: this.#watch,
      recovery: this.#recovery,
      supervision: this.#supervision,
      injections: this.#injections,
      storeWatch: this.#storeWatch,
      spectator,
      stop,
    });
  }

  [Symbol.dispose](): void {
    this.#supervision[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.#storeWatch[Symbol.dispose]();
  }

  async run(): Promise<Outcome> {
    const { run, placement, spectator, trust, refused, stop, listening } = this.#options;
    const [roles, crew, checkpointing, injections] = [this.#roles, this.#crew, this.#checkpointing, this.#injections];
    const { events } = crew.roster;
    await using server = await serveControl(
      coordinationService({ run, roles, crew, checkpointing, injections, trust, refused }),
    );
    const requestStop = () => events.push({ kind: 'stop-requested', by: String(stop.reason) });
    stop.addEventListener('abort', requestStop, { once: true });
    listening(server.address, () => this.#live());
    placement.start({
      coordinator: server.address,
      tokenFile: run.settings.tokenFile ?? run.directory.file('token'),
      trust: trust?.files,
      logs: run.directory.file('logs'),
      ended: (pid, reason) => events.push({ kind: 'child-ended', pid, reason }),
      say: (line) => spectator.say(line),
    });
    try {
      const ending = (await this.#assemble(run.step)) === 'stopped' ? this.#stopped() : await this.#train();
      this.#checkpointing.assertHealthy();
      await this.#grids.settle();
      if (ending.ended === 'stopped' && this.#options.handsOver) this.#crew.release();
      return { step: this.#steps.step, picture: this.#grids.latest, faults: this.#faults, ...ending };
    } finally {
      spectator.ended();
      stop.removeEventListener('abort', requestStop);
      this.#checkpointing.abandon();
      injections[Symbol.dispose]();
      this.#crew.dismiss('the run is over');
    }
  }

  get #faults(): FaultTotals {
    return { ...this.#recovery.totals, staleMessages: this.#crew.roster.stale };
  }

  #live(): LiveCounts {
    const [crew, roles, { step, committedAt }] = [this.#crew, this.#roles, this.#steps];
    const { inProgress: recovering } = this.#recovery;
    const { paused } = this.#storeWatch;
    const view = liveView({ roles, crew, step, committedAt, recovering, paused, began: this.#began });
    return { view, faults: this.#faults };
  }

  #stopped(): Ending {
    return { ended: 'stopped', reason: String(this.#options.stop.reason) };
  }

  /** To the last step, through every fault, and from a collapse back to the best and on again. */
  async #train(): Promise<Ending> {
    const { run, spectator, stop } = this.#options;
    if (this.#steps.step >= run.training.steps) return { ended: 'finished', reason: 'all steps' };
    run.journal.event({ event: 'training-began', epoch: this.#crew.epoch, step: this.#steps.step });
    this.#began = true;
    spectator.began(this.#steps.step);
    this.#watch.begin(this.#steps.step);
    for (;;) {
      const leaves = await this.#advance();
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

  /** As `Steps.run`, through faults. */
  async #advance(): Promise<boolean | 'stopped'> {
    for (;;) {
      try {
        return await this.#steps.run();
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        if ((await this.#recover(error)) === 'stopped') return 'stopped';
        // All there is of the last step is on the disk, but for a picture.
        if (this.#steps.step >= this.#run.training.steps) return false;
      }
    }
  }

  /** Back to the newest checkpoint, with whoever is left and whoever comes; the steps since are replayed. */
  async #recover(fault: Interruption): Promise<'ready' | 'stopped'> {
    this.#recovery.begin(fault, this.#steps.step + 1);
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
    this.#steps.goTo(to);
    this.#checkpointing.newest = to;
    this.#checkpointing.since = performance.now();
    this.#grids.wentBack();
    this.#options.spectator.wentBack(to);
  }

  /** Back to the best checkpoint, and on from there on another path. All workers are between two steps. */
  async #goBack({ to, evaluated, reason }: Extract<Demand, { kind: 'rollback' }>): Promise<'ready' | 'stopped'> {
    const { run, spectator } = this.#options;
    const from = this.#steps.step;
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
