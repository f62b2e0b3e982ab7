/** The workers of a run: who has which role, what they say, and the words that go to all of them. */
import { RefusedError, UsageError } from '../../../common/errors.js';
import type { Begin } from '../../../proto/generated/duet/v1/Begin.js';
import type { CoordinatorMessage } from '../../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Failure__Output } from '../../../proto/generated/duet/v1/Failure.js';
import type { Ready__Output } from '../../../proto/generated/duet/v1/Ready.js';
import type { Trouble__Output } from '../../../proto/generated/duet/v1/Trouble.js';
import type { Vote__Output } from '../../../proto/generated/duet/v1/Vote.js';
import type { Placement } from '../../placement/placement.js';
import { whyStale } from '../barrier.js';
import type { MemberEvent } from './control-server.js';
import { EventQueue } from './event-queue.js';
import type { Cause } from '../../run/journal/cause.js';
import { Interruption } from '../faults/interruption.js';
import type { Member } from './member.js';
import type { Run } from '../run.js';
import { Seating } from './seating.js';
import { whyWaiting } from './waiting.js';

/** What the steps need to look at; what spoils a step is thrown. */
export type CrewEvent = Extract<MemberEvent, { kind: 'message' | 'stop-requested' | 'checkpoint-settled' }>;

/** A process that dies closes its connections first; its exit code, which tells more, comes a moment later. */
const LAST_WORDS_MS = 250;
/** Workers that may wait for a role. */
const MOST_STANDBYS = 128;

interface CrewOptions {
  run: Run;
  placement: Placement;
  /** Discriminator first. */
  roles: readonly string[];
  /** Says what is being waited for; empty: nothing any more. Once for each change. */
  waiting(reason: string, epoch: number): void;
  /** @throws what else is wrong with the run, and is the reason to tell */
  assertHealthy(): void;
  /** Counts a loss that called no step off. @throws RunFailedError when that was one too many */
  lost(cause: Cause, role: string, reason: string): void;
}

export class Crew {
  readonly events = new EventQueue<MemberEvent>();
  readonly members = new Set<Member>();
  readonly #options: CrewOptions;
  readonly #run: Run;
  readonly #seating: Seating;
  #epoch = 0;
  #exchange = '';
  #waitsFor = '';
  /** How processes ended whose loss is still to be taken in. */
  readonly #endings = new Map<number, string>();
  /** Messages of an old epoch: what the coordinator has refused, and what workers had that are gone. */
  #stale = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#run = options.run;
    this.#seating = new Seating(options.run, options.roles);
  }

  /** Of membership: grows whenever the run goes on from a checkpoint, with the same workers or with others. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Messages of an old epoch that were refused anywhere in the run. */
  get stale(): number {
    return [...this.members].reduce((sum, member) => sum + member.stale, this.#stale);
  }

  countStale(): void {
    this.#stale += 1;
  }

  memberOf(role: string): Member | undefined {
    return this.#seating.memberOf(role);
  }

  /** @throws RefusedError when no more workers are taken */
  admit(): void {
    const most = this.#options.roles.length + MOST_STANDBYS;
    if (this.members.size < most) return;
    throw new RefusedError('RESOURCE_EXHAUSTED', `${most} workers have joined this run, it takes no more`);
  }

  /**
   * Brings everyone to the state of that step, in a new epoch: who has a role goes back, roles without a worker get one.
   *
   * @returns 'stopped' when the user wants to stop meanwhile
   * @throws Interruption when the state cannot be had
   */
  async assemble(step: number, placed: () => void = () => {}): Promise<'ready' | 'stopped'> {
    this.#epoch = this.#run.nextEpoch();
    const ready = new Set<string>();
    for (const member of this.#seating.seated) {
      member.begins(this.#epoch);
      member.send({ restore: { epoch: this.#epoch, step } });
    }
    for (let whole = false; ready.size < this.#options.roles.length;) {
      this.#fill(step);
      if (!whole && this.#seating.vacant.length === 0) placed();
      whole = this.#seating.vacant.length === 0;
      this.#wait(ready);
      const event = await this.#take();
      switch (event.kind) {
        case 'stop-requested':
          return 'stopped';
        case 'message': {
          const { member, message } = event;
          if (message.ready && this.#isReady(member, message.ready)) ready.add(member.role as string);
          else if (message.vote) this.refuse(member, this.#whyNoVote(message.vote));
          else if (message.trouble?.epoch === this.#epoch) throw this.#troubled(member, message.trouble);
          break;
        }
        case 'left':
          if (event.member.role !== undefined) ready.delete(event.member.role);
          this.#options.lost(event.cause, event.member.role ?? '', event.reason);
          break;
      }
    }
    this.#wait(ready);
    return 'ready';
  }

  /** Before training can begin or go on; empty: nothing. */
  get waitsFor(): string {
    return this.#waitsFor;
  }

  #wait(ready: ReadonlySet<string>): void {
    const reason = whyWaiting(this.#options.roles, this.#seating.vacant, ready);
    if (reason !== this.#waitsFor) this.#options.waiting(reason, this.#epoch);
    this.#waitsFor = reason;
  }

  /** The first step of an epoch. */
  begin(begin: Begin): void {
    const first = { ...begin, exchange: this.#exchange, sampleShape: [...this.#run.sampleShape] };
    for (const member of this.#seating.seated) {
      member.voted = false;
      // The discriminator is the exchange; it needs no address.
      member.send({ begin: member.role === 'discriminator' ? { ...first, exchange: '' } : first });
    }
  }

  /** To everyone who has a role. */
  tell(message: CoordinatorMessage): void {
    for (const member of this.#seating.seated) {
      if (message.commit?.next) member.voted = false;
      member.send(message);
    }
  }

  /** Everyone is free to look for the run's next coordinator, with what it holds. */
  release(): void {
    for (const member of this.members) member.release();
  }

  dismiss(reason: string): void {
    for (const member of this.members) member.dismiss(reason);
  }

  /** The run goes on without this worker, whatever it does. */
  evict(member: Member, cause: Cause, reason: string): void {
    member.dismiss(`the run goes on without this worker: ${reason}`);
    member.left(reason, cause);
  }

  refuse(member: Member, reason: string): void {
    this.#stale += 1;
    this.#run.journal.event({ event: 'message-refused', worker: member.name, reason });
    member.send({ refused: { status: 'FAILED_PRECONDITION', reason } });
  }

  /** The next thing that happens within a step. @throws Interruption when the step cannot be committed any more */
  async next(): Promise<CrewEvent> {
    for (;;) {
      const event = await this.#take();
      switch (event.kind) {
        case 'left': {
          const { member, reason, cause } = event;
          if (member.role !== undefined) throw new Interruption(cause, member.role, reason, member.lastHeard);
          this.#options.lost(cause, '', reason);
          this.#askForWorkers();
          continue;
        }
        case 'message': {
          const { trouble } = event.message;
          if (!trouble) return event;
          if (trouble.epoch === this.#epoch) throw await this.#explained(this.#troubled(event.member, trouble));
          this.#stale += 1;
          continue;
        }
        case 'joined':
        case 'child-ended':
          continue;
        case 'interrupted':
          throw event.interruption;
        case 'stop-requested':
        case 'checkpoint-settled':
          return event;
      }
    }
  }

  /** Until there are as many as there should be. */
  #askForWorkers(): void {
    const { placement, roles } = this.#options;
    placement.ensure(roles.length + this.#run.settings.spares, this.#seating.vacant.length);
  }

  /** The next event, its effect on who is there and has which role already taken in. */
  async #take(): Promise<MemberEvent> {
    const event = await this.events.take();
    // A full disk also makes uploads fail; the disk is the reason to tell.
    this.#options.assertHealthy();
    switch (event.kind) {
      case 'joined':
        this.#joined(event.member);
        break;
      case 'child-ended': {
        const { pid, reason } = event;
        const member = [...this.members].find(({ identity }) => identity.pid === pid);
        if (member !== undefined) {
          // How it ended says more than how its connection did.
          this.#endings.set(pid, reason);
          member.left(reason, 'crashed');
          break;
        }
        this.#run.journal.event({ event: 'worker-lost', worker: String(pid), role: '', cause: 'crashed', reason });
        this.#options.lost('crashed', '', reason);
        this.#askForWorkers();
        break;
      }
      case 'left':
        return await this.#lost(event);
      case 'stop-requested':
        this.#run.journal.event({ event: 'stop-requested', by: event.by });
        break;
      case 'message':
        if (event.message.failure) this.#gaveUp(event.member, event.message.failure);
        break;
    }
    return event;
  }

  #joined(member: Member): void {
    if (!member.present) return;
    this.members.add(member);
    const { host, pid } = member.identity;
    this.#run.journal.event({ event: 'worker-joined', worker: member.name, pid, host });
    this.#seating.standBy(member);
  }

  async #lost(event: Extract<MemberEvent, { kind: 'left' }>): Promise<Extract<MemberEvent, { kind: 'left' }>> {
    const { member, cause } = event;
    const { pid } = member.identity;
    this.members.delete(member);
    this.#seating.leave(member);
    this.#stale += member.stale;
    const { placement } = this.#options;
    const ended =
      cause === 'crashed' && placement.owns(pid) && !this.#endings.has(pid)
        ? await this.events.find('child-ended', (each) => each.pid === pid, LAST_WORDS_MS)
        : undefined;
    placement.end(pid);
    const reason = ended?.reason ?? this.#endings.get(pid) ?? event.reason;
    this.#endings.delete(pid);
    const role = member.role ?? '';
    this.#run.journal.event({ event: 'worker-lost', worker: member.name, role, cause, reason });
    return { ...event, reason: role === '' ? reason : `the worker of ${role} (${member.name}) was lost: ${reason}` };
  }

  /** @throws when trying again would only repeat it */
  #gaveUp(member: Member, { reason, usage, leaving }: Failure__Output): void {
    if (usage) {
      this.#run.journal.event({
        event: 'worker-lost',
        worker: member.name,
        role: member.role ?? '',
        cause: 'gave-up',
        reason,
      });
      throw new UsageError(reason);
    }
    member.dismiss(reason);
    member.left(leaving ? reason : `it gave up: ${reason}`, leaving ? 'left' : 'gave-up');
  }

  #whyNoVote(vote: Vote__Output): string {
    return whyStale(vote, this.#epoch, vote.step) ?? 'a vote, and no step has begun';
  }

  #fill(step: number): void {
    this.#seating.fill({ epoch: this.#epoch, step });
    this.#askForWorkers();
  }

  #troubled({ role = '', lastHeard }: Member, { peer, kind, reason }: Trouble__Output): Interruption {
    return new Interruption(
      kind === 'silent' ? 'partitioned' : 'exchange-broken',
      role,
      `${role} and ${peer}: ${reason}`,
      lastHeard,
    );
  }

  /** When a process dies, whoever it was connected to may be heard first. */
  async #explained(interruption: Interruption): Promise<Interruption> {
    const event = await this.events.find('left', ({ member }) => member.role !== undefined, LAST_WORDS_MS);
    if (event === undefined) return interruption;
    const { member, cause, reason } = await this.#lost(event);
    return new Interruption(cause, member.role as string, reason, member.lastHeard);
  }

  /** @returns false for one that answers an earlier word */
  #isReady(member: Member, message: Ready__Output): boolean {
    const { role } = member;
    if (role === undefined || message.epoch !== this.#epoch) return false;
    member.isReady(message);
    const { engine, device, exchange, sampleShape, dataSha256 } = message;
    if (role === 'discriminator') {
      this.#exchange = exchange;
      this.#run.describeData(sampleShape);
    }
    this.#run.identity.confirm({ engine, device, ...(dataSha256 === '' ? {} : { data: dataSha256 }) });
    this.#run.journal.event({ event: 'role-ready', worker: member.name, role, engine, device, epoch: this.#epoch });
    return true;
  }
}
