/** The workers of a run: who has which role, what they say, and the words that go to all of them. */
import { EventEmitter, on } from 'node:events';
import { type DuetError, RefusedError, RunFailedError, UsageError } from '../../common/errors.js';
import type { Begin } from '../../proto/generated/duet/v1/Begin.js';
import type { CoordinatorMessage } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { WorkerMessage__Output } from '../../proto/generated/duet/v1/WorkerMessage.js';
import type { MemberEvent } from './control-server.js';
import type { Member } from './member.js';
import type { Run } from './run.js';

/** What the steps need to look at; what ends the run is thrown. */
export type CrewEvent = Exclude<MemberEvent, { kind: 'left' | 'child-ended' }>;

interface CrewOptions {
  run: Run;
  /** Discriminator first. */
  roles: readonly string[];
  /** Steps committed, for the words of a failure. */
  step(): number;
  /** @throws what else is wrong with the run, and is the reason to tell */
  assertHealthy(): void;
}

export class Crew {
  readonly bus = new EventEmitter<{ event: [MemberEvent] }>();
  readonly members = new Set<Member>();
  readonly #options: CrewOptions;
  readonly #run: Run;
  readonly #events: AsyncIterator<unknown[]>;
  #epoch = 1;
  #exchange = '';
  #sampleShape: number[] = [];

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#run = options.run;
    this.#events = on(this.bus, 'event');
  }

  /** Of membership: 1, and more after everyone was sent back to an earlier state. */
  get epoch(): number {
    return this.#epoch;
  }

  /** @throws RefusedError when no more workers are taken */
  admit(): void {
    const { roles } = this.#options;
    if ([...this.members].filter((member) => member.present).length >= roles.length) {
      throw new RefusedError('RESOURCE_EXHAUSTED', `all ${roles.length} roles of this run have their workers`);
    }
  }

  /** Until every role has a worker that is ready. @returns true when the user wants to stop */
  async gather(): Promise<boolean> {
    const free = [...this.#options.roles];
    const ready = new Set<string>();
    while (ready.size < this.#options.roles.length) {
      const event = await this.next();
      if (event.kind === 'stop-requested') return true;
      if (event.kind === 'joined') this.#assign(event.member, free.shift());
      else if (event.message.ready) this.#ready(event.member, event.message, ready);
      else if (event.message.vote) this.refuse(event.member, 'a vote, and no step has begun');
    }
    return false;
  }

  /** Sends everyone back to the state of a step of the run store; all are between two steps. In a new epoch. */
  async restore(step: number): Promise<void> {
    this.#epoch += 1;
    this.tell({ restore: { epoch: this.#epoch, step } });
    const ready = new Set<string>();
    while (ready.size < this.#options.roles.length) {
      const event = await this.next();
      if (event.kind !== 'message') continue;
      if (event.message.ready) this.#ready(event.member, event.message, ready);
      else if (event.message.vote) this.refuse(event.member, 'a vote, and no step has begun');
    }
  }

  /** The first step of an epoch. */
  begin(begin: Begin): void {
    const first = { ...begin, exchange: this.#exchange, sampleShape: this.#sampleShape };
    for (const member of this.members) {
      // The discriminator is the exchange; it needs no address.
      member.send({ begin: member.role === 'discriminator' ? { ...first, exchange: '' } : first });
    }
  }

  tell(message: CoordinatorMessage): void {
    for (const member of this.members) member.send(message);
  }

  dismiss(reason: string): void {
    for (const member of this.members) member.dismiss(reason);
  }

  /** Tells the sender, and goes on. */
  refuse(member: Member, reason: string): void {
    this.#run.journal.event({ event: 'message-refused', worker: member.name, reason });
    member.send({ refused: { status: 'FAILED_PRECONDITION', reason } });
  }

  /** The next thing that happens; what ends the run throws. */
  async next(): Promise<CrewEvent> {
    for (;;) {
      const event = await this.#take();
      // A full disk also makes workers leave, whose uploads it refused; the disk is the reason to tell.
      this.#options.assertHealthy();
      switch (event.kind) {
        case 'left': {
          const { member, reason } = event;
          this.members.delete(member);
          if (member.role === undefined) continue;
          this.#run.journal.event({ event: 'worker-lost', worker: member.name, role: member.role, reason });
          throw await this.#lost(`the worker of ${member.role} (${member.name}) was lost: ${reason}`);
        }
        case 'child-ended':
          throw this.failed(event.reason);
        case 'message':
          if (event.message.failure) throw this.#gaveUp(event.member, event.message.failure);
          return event;
        default:
          return event;
      }
    }
  }

  failed(reason: string): RunFailedError {
    return new RunFailedError(`${reason} (step ${this.#options.step() + 1})`);
  }

  async #take(): Promise<MemberEvent> {
    return ((await this.#events.next()).value as [MemberEvent])[0];
  }

  /** A process that dies closes its connection first; its exit code, which tells more, comes a moment later. */
  async #lost(reason: string): Promise<DuetError> {
    const ended = await Promise.race([
      this.#childEnded(),
      new Promise<undefined>((resolve) => setTimeout(resolve, 1000, undefined)),
    ]);
    return this.failed(ended === undefined ? reason : `${reason}; ${ended}`);
  }

  async #childEnded(): Promise<string> {
    for (;;) {
      const event = await this.#take();
      if (event.kind === 'child-ended') return event.reason;
    }
  }

  #gaveUp(member: Member, { reason, usage }: { reason: string; usage: boolean }): DuetError {
    const role = member.role ?? member.name;
    this.#run.journal.event({ event: 'worker-lost', worker: member.name, role, reason });
    return usage ? new UsageError(reason) : this.failed(`the worker of ${role} gave up: ${reason}`);
  }

  #assign(member: Member, role: string | undefined): void {
    const run = this.#run;
    this.members.add(member);
    run.journal.event({ event: 'worker-joined', worker: member.name, ...member.identity });
    if (role === undefined) return member.dismiss('every role has its worker');
    member.role = role;
    const threads = run.threads[role] ?? 1;
    run.journal.event({ event: 'role-assigned', worker: member.name, role, epoch: this.#epoch, threads });
    member.send({
      assign: {
        run: run.directory.id,
        epoch: this.#epoch,
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
}
