/** A run from its first worker to its last step: gather, assign, then step after step until all are committed. */
import { EventEmitter, on } from 'node:events';
import { type DuetError, RefusedError, RunFailedError, UsageError } from '../../common/errors.js';
import type { Vote__Output } from '../../proto/generated/duet/v1/Vote.js';
import type { WorkerMessage__Output } from '../../proto/generated/duet/v1/WorkerMessage.js';
import type { Placement } from '../placement/placement.js';
import { readRole } from '../run/checkpoints.js';
import { decide, whyStale } from './barrier.js';
import { Checkpointing } from './checkpointing.js';
import { type ControlServerOptions, type MemberEvent, serveControl } from './control-server.js';
import type { Member } from './member.js';
import { watchMembers } from './membership.js';
import { rolesOf } from './roles.js';
import type { Run, Spectator } from './run.js';
import { SampleGrids } from './sample-grids.js';
import { stepMetrics } from './step-metrics.js';

/** Membership of this run has not changed yet; a recovery would raise it. */
const EPOCH = 1;

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
  stopped: boolean;
  picture: string | undefined;
}

/** @throws RunFailedError when a worker is lost or a step is faulty, UsageError when a worker finds the request wrong */
export async function train(options: TrainOptions): Promise<Outcome> {
  const training = new Training(options);
  return training.run();
}

class Training {
  readonly #options: TrainOptions;
  readonly #run: Run;
  readonly #roles: string[];
  readonly #members = new Set<Member>();
  readonly #bus = new EventEmitter<{ event: [MemberEvent] }>();
  readonly #events: AsyncIterator<unknown[]>;
  readonly #checkpointing: Checkpointing;
  readonly #grids: SampleGrids;
  #step: number;
  #exchange = '';
  #sampleShape: number[] = [];

  constructor(options: TrainOptions) {
    this.#options = options;
    this.#run = options.run;
    this.#step = options.run.step;
    this.#roles = rolesOf(options.run.training.generators);
    this.#events = on(this.#bus, 'event');
    this.#checkpointing = new Checkpointing(options.run, this.#roles);
    this.#grids = new SampleGrids(options.run, options.spectator);
  }

  async run(): Promise<Outcome> {
    const { run, placement, spectator, stop, listening } = this.#options;
    await using server = await serveControl(this.#service());
    using _watch = watchMembers(this.#members);
    const requestStop = () => this.#bus.emit('event', { kind: 'stop-requested', by: String(stop.reason) });
    stop.addEventListener('abort', requestStop, { once: true });
    listening(server.address);
    placement.start({
      count: this.#roles.length,
      coordinator: server.address,
      tokenFile: run.directory.file('token'),
      logs: run.directory.file('logs'),
      ended: (reason) => this.#bus.emit('event', { kind: 'child-ended', reason }),
      say: (line) => spectator.say(line),
    });
    try {
      const stopped = (await this.#gather()) || (await this.#train());
      await this.#checkpointing.settle();
      await this.#grids.settle();
      return { step: this.#step, stopped, picture: this.#grids.latest };
    } finally {
      spectator.ended();
      stop.removeEventListener('abort', requestStop);
      this.#checkpointing.abandon();
      for (const member of this.#members) member.dismiss('the run is over');
    }
  }

  #service(): ControlServerOptions {
    const { run } = this.#options;
    return {
      host: run.settings.host,
      port: run.settings.port,
      token: run.token,
      bus: this.#bus,
      admit: () => {
        if ([...this.#members].filter((member) => member.present).length >= this.#roles.length) {
          throw new RefusedError(
            'RESOURCE_EXHAUSTED',
            `all ${this.#roles.length} roles of this run have their workers`,
          );
        }
      },
      openState: (header) => this.#checkpointing.open(header),
      stateSaved: () => this.#checkpointing.saved(),
      stateFailed: (error) => this.#checkpointing.failed(error),
      readState: (role, step) => {
        if (!this.#roles.includes(role) || step !== run.step) {
          throw new RefusedError('NOT_FOUND', `there is no state of '${role}' at step ${step} to load`);
        }
        return readRole(run.directory, step, role);
      },
    };
  }

  /** The next thing that happens; what ends the run throws. */
  async #next(): Promise<Exclude<MemberEvent, { kind: 'left' | 'child-ended' }>> {
    for (;;) {
      const event = ((await this.#events.next()).value as [MemberEvent])[0];
      // A full disk also makes workers leave, whose uploads it refused; the disk is the reason to tell.
      this.#checkpointing.assertHealthy();
      switch (event.kind) {
        case 'left': {
          const { member, reason } = event;
          this.#members.delete(member);
          if (member.role === undefined) continue;
          this.#run.journal.event({ event: 'worker-lost', worker: member.name, role: member.role, reason });
          throw await this.#lost(`the worker of ${member.role} (${member.name}) was lost: ${reason}`);
        }
        case 'child-ended':
          throw this.#failed(event.reason);
        case 'message':
          if (event.message.failure) throw this.#gaveUp(event.member, event.message.failure);
          return event;
        default:
          return event;
      }
    }
  }

  /** A process that dies closes its connection first; its exit code, which tells more, comes a moment later. */
  async #lost(reason: string): Promise<DuetError> {
    const ended = await Promise.race([
      this.#childEnded(),
      new Promise<undefined>((resolve) => setTimeout(resolve, 1000, undefined)),
    ]);
    return this.#failed(ended === undefined ? reason : `${reason}; ${ended}`);
  }

  async #childEnded(): Promise<string> {
    for (;;) {
      const event = ((await this.#events.next()).value as [MemberEvent])[0];
      if (event.kind === 'child-ended') return event.reason;
    }
  }

  #gaveUp(member: Member, { reason, usage }: { reason: string; usage: boolean }): DuetError {
    const role = member.role ?? member.name;
    this.#run.journal.event({ event: 'worker-lost', worker: member.name, role, reason });
    return usage ? new UsageError(reason) : this.#failed(`the worker of ${role} gave up: ${reason}`);
  }

  #failed(reason: string): RunFailedError {
    return new RunFailedError(`${reason} (step ${this.#step + 1})`);
  }

  /** Until every role has a worker that is ready. @returns true when the user wants to stop */
  async #gather(): Promise<boolean> {
    const free = [...this.#roles];
    const ready = new Set<string>();
    while (ready.size < this.#roles.length) {
      const event = await this.#next();
      if (event.kind === 'stop-requested') return true;
      if (event.kind === 'joined') this.#assign(event.member, free.shift());
      else if (event.message.ready) this.#ready(event.member, event.message, ready);
      else if (event.message.vote) this.#refuse(event.member, 'a vote, and no step has begun');
    }
    return false;
  }

  /** Tells the sender, and goes on. */
  #refuse(member: Member, reason: string): void {
    this.#run.journal.event({ event: 'message-refused', worker: member.name, reason });
    member.send({ refused: { status: 'FAILED_PRECONDITION', reason } });
  }

  #assign(member: Member, role: string | undefined): void {
    const { run } = this.#options;
    this.#members.add(member);
    run.journal.event({ event: 'worker-joined', worker: member.name, ...member.identity });
    if (role === undefined) return member.dismiss('every role has its worker');
    member.role = role;
    const threads = run.threads[role] ?? 1;
    run.journal.event({ event: 'role-assigned', worker: member.name, role, epoch: EPOCH, threads });
    member.send({
      assign: {
        run: run.directory.id,
        epoch: EPOCH,
        role,
        config: JSON.stringify(run.training),
        engine: JSON.stringify(run.engine),
        threads,
        step: run.step,
        restore: run.step > 0,
      },
    });
  }

  #ready(member: Member, { ready: message }: WorkerMessage__Output, ready: Set<string>): void {
    if (!message || member.role === undefined) return;
    const { role } = member;
    const { engine, device, exchange, sampleShape, dataSha256 } = message;
    if (role === 'discriminator') {
      this.#exchange = exchange;
      this.#sampleShape = sampleShape;
      this.#run.describeData(sampleShape);
    }
    this.#run.identity.confirm({ engine, device, ...(dataSha256 === '' ? {} : { data: dataSha256 }) });
    this.#run.journal.event({ event: 'role-ready', worker: member.name, role, engine, device });
    ready.add(role);
  }

  /** @returns true when the user stopped it before its last step */
  async #train(): Promise<boolean> {
    const { run, spectator, stop } = this.#options;
    const { steps } = run.training;
    if (this.#step >= steps) return false;
    run.journal.event({ event: 'training-began', epoch: EPOCH, step: this.#step });
    spectator.began(this.#step);
    this.#begin();
    for (let since = performance.now(); ;) {
      const votes = await this.#votes();
      const decision = decide(this.#roles, votes);
      if (decision.kind !== 'commit') {
        const reason = decision.kind === 'fault' ? `${decision.role}: ${decision.reason}` : 'votes are missing';
        run.journal.event({ event: 'step-faulty', step: this.#step + 1, reason });
        throw this.#failed(`the step is faulty, ${reason}`);
      }
      this.#step += 1;
      const last = this.#step >= steps || stop.aborted;
      await this.#commit(decision.averageGeneratorLoss, last);
      const now = performance.now();
      const metrics = stepMetrics(this.#step, EPOCH, now - since, decision.averageGeneratorLoss, this.#roles, votes);
      since = now;
      run.journal.metrics(metrics);
      spectator.committed(metrics);
      this.#checkpointing.assertHealthy();
      if (last) return this.#finish(this.#step < steps);
    }
  }

  #begin(): void {
    const begin = {
      epoch: EPOCH,
      step: this.#step + 1,
      exchange: this.#exchange,
      sampleShape: this.#sampleShape,
    };
    for (const member of this.#members) {
      // The discriminator is the exchange; it needs no address.
      member.send({ begin: member.role === 'discriminator' ? { ...begin, exchange: '' } : begin });
    }
  }

  /** All votes of the step in progress, or as many as it takes to know that it is faulty. */
  async #votes(): Promise<Map<string, Vote__Output>> {
    const votes = new Map<string, Vote__Output>();
    while (decide(this.#roles, votes).kind === 'wait') {
      const event = await this.#next();
      if (event.kind !== 'message') continue;
      const { member, message } = event;
      if (message.samples && member.role !== undefined) this.#grids.receive(member.role, message.samples);
      if (!message.vote) continue;
      const stale = whyStale(message.vote, EPOCH, this.#step + 1);
      if (stale !== undefined || member.role === undefined) {
        this.#refuse(member, stale ?? 'a vote without a role');
        continue;
      }
      votes.set(member.role, message.vote);
    }
    return votes;
  }

  async #commit(averageGeneratorLoss: number, last: boolean): Promise<void> {
    // The last step's checkpoint must not be left out because the one before is still being written.
    if (last) await this.#checkpointing.settle();
    const { settings } = this.#options.run;
    const due = (every: number) => last || this.#step % every === 0;
    const checkpoint = due(settings.checkpointEvery) && !this.#checkpointing.busy;
    if (checkpoint) this.#checkpointing.begin(this.#step);
    const commit = {
      epoch: EPOCH,
      step: this.#step,
      averageGeneratorLoss,
      checkpoint,
      sample: due(settings.sampleEvery),
      next: last ? null : { epoch: EPOCH, step: this.#step + 1 },
    };
    for (const member of this.#members) member.send({ commit });
  }

  /** After the last commit: the samples and the checkpoint that it asked for are still on their way. */
  async #finish(stopped: boolean): Promise<boolean> {
    let bands = 0;
    const saved = this.#checkpointing.settle();
    // Awaited below; until then a failure must not count as one that nobody handles.
    saved.catch(() => {});
    while (bands < this.#run.training.generators) {
      const event = await this.#next();
      if (event.kind !== 'message' || !event.message.samples || event.member.role === undefined) continue;
      if (event.message.samples.step === this.#step) bands += 1;
      this.#grids.receive(event.member.role, event.message.samples);
    }
    await saved;
    return stopped;
  }
}
