/** The workers of a run as one: who has which role in which epoch, and the words that go to all of them. */
import type { Begin } from '../../../proto/generated/duet/v1/Begin.js';
import type { CoordinatorMessage } from '../../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Ready__Output } from '../../../proto/generated/duet/v1/Ready.js';
import type { Trouble__Output } from '../../../proto/generated/duet/v1/Trouble.js';
import type { Vote__Output } from '../../../proto/generated/duet/v1/Vote.js';
import type { Cause } from '../../run/journal/cause.js';
import { whyStale } from '../barrier.js';
import { Interruption } from '../faults/interruption.js';
import type { Run } from '../run.js';
import type { MemberEvent } from './control-server.js';
import type { Member } from './member.js';
import { Roster, type RosterOptions } from './roster.js';
import { Seating } from './seating.js';
import { whyWaiting } from './waiting.js';

/** What the steps need to look at; what spoils a step is thrown. */
export type CrewEvent = Extract<MemberEvent, { kind: 'message' | 'stop-requested' | 'checkpoint-settled' }>;

interface CrewOptions extends Omit<RosterOptions, 'seating'> {
  /** Says what is being waited for; empty: nothing any more. Once for each change. */
  waiting(reason: string, epoch: number): void;
}

export class Crew {
  /** Who is there, and what is heard of them. */
  readonly roster: Roster;
  readonly #options: CrewOptions;
  readonly #run: Run;
  readonly #seating: Seating;
  #epoch = 0;
  #exchange = '';
  #waitsFor = '';

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#run = options.run;
    this.#seating = new Seating(options.run, options.roles);
    this.roster = new Roster({ ...options, seating: this.#seating });
  }

  /** Of membership: grows whenever the run goes on from a checkpoint, with the same workers or with others. */
  get epoch(): number {
    return this.#epoch;
  }

  memberOf(role: string): Member | undefined {
    return this.#seating.memberOf(role);
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
      const event = await this.roster.take();
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
    for (const member of this.roster.members) member.release();
  }

  dismiss(reason: string): void {
    for (const member of this.roster.members) member.dismiss(reason);
  }

  /** The run goes on without this worker, whatever it does. */
  evict(member: Member, cause: Cause, reason: string): void {
    member.dismiss(`the run goes on without this worker: ${reason}`);
    member.left(reason, cause);
  }

  refuse(member: Member, reason: string): void {
    this.roster.countStale();
    this.#run.journal.event({ event: 'message-refused', worker: member.name, reason });
    member.send({ refused: { status: 'FAILED_PRECONDITION', reason } });
  }

  /** The next thing that happens within a step. @throws Interruption when the step cannot be committed any more */
  async next(): Promise<CrewEvent> {
    for (;;) {
      const event = await this.roster.take();
      switch (event.kind) {
        case 'left': {
          const { member, reason, cause } = event;
          if (member.role !== undefined) throw new Interruption(cause, member.role, reason, member.lastHeard);
          this.#options.lost(cause, '', reason);
          this.roster.askForWorkers();
          continue;
        }
        case 'message': {
          const { trouble } = event.message;
          if (!trouble) return event;
          if (trouble.epoch === this.#epoch) throw await this.roster.explained(this.#troubled(event.member, trouble));
          this.roster.countStale();
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

  #whyNoVote(vote: Vote__Output): string {
    return whyStale(vote, this.#epoch, vote.step) ?? 'a vote, and no step has begun';
  }

  #fill(step: number): void {
    this.#seating.fill({ epoch: this.#epoch, step });
    this.roster.askForWorkers();
  }

  #troubled({ role = '', lastHeard }: Member, { peer, kind, reason }: Trouble__Output): Interruption {
    return new Interruption(
      kind === 'silent' ? 'partitioned' : 'exchange-broken',
      role,
      `${role} and ${peer}: ${reason}`,
      lastHeard,
    );
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
