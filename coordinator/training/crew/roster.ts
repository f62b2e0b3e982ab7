/** The workers that are there: who joins and leaves, how they ended, and what is heard of them, in its order. */
import { RefusedError, UsageError } from '../../../common/errors.js';
import type { Failure__Output } from '../../../proto/generated/duet/v1/Failure.js';
import type { Placement } from '../../placement/placement.js';
import type { Cause } from '../../run/journal/cause.js';
import { Interruption } from '../faults/interruption.js';
import type { Run } from '../run.js';
import type { MemberEvent } from './control-server.js';
import { EventQueue } from './event-queue.js';
import type { Member } from './member.js';
import type { Seating } from './seating.js';

type Left = Extract<MemberEvent, { kind: 'left' }>;

/** A process that dies closes its connections first; its exit code, which tells more, comes a moment later. */
const LAST_WORDS_MS = 250;
/** Workers that may wait for a role. */
const MOST_STANDBYS = 128;

export interface RosterOptions {
  run: Run;
  placement: Placement;
  /** Discriminator first. */
  roles: readonly string[];
  seating: Seating;
  /** @throws what else is wrong with the run, and is the reason to tell */
  assertHealthy(): void;
  /** Counts a loss that called no step off. @throws RunFailedError when that was one too many */
  lost(cause: Cause, role: string, reason: string): void;
}

export class Roster {
  readonly events = new EventQueue<MemberEvent>();
  readonly members = new Set<Member>();
  readonly #options: RosterOptions;
  readonly #run: Run;
  /** How processes ended whose loss is still to be taken in. */
  readonly #endings = new Map<number, string>();
  /** Messages of an old epoch: what the coordinator has refused, and what workers had that are gone. */
  #stale = 0;

  constructor(options: RosterOptions) {
    this.#options = options;
    this.#run = options.run;
  }

  /** Messages of an old epoch that were refused anywhere in the run. */
  get stale(): number {
    return [...this.members].reduce((sum, member) => sum + member.stale, this.#stale);
  }

  countStale(): void {
    this.#stale += 1;
  }

  /** @throws RefusedError when no more workers are taken */
  admit(): void {
    const most = this.#options.roles.length + MOST_STANDBYS;
    if (this.members.size < most) return;
    throw new RefusedError('RESOURCE_EXHAUSTED', `${most} workers have joined this run, it takes no more`);
  }

  /** Until there are as many as there should be. */
  askForWorkers(): void {
    const { placement, roles } = this.#options;
    placement.ensure(roles.length + this.#run.settings.spares, this.#options.seating.vacant.length);
  }

  /** The next event, its effect on who is there and has which role already taken in. */
  async take(): Promise<MemberEvent> {
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
        this.askForWorkers();
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
    this.#options.seating.standBy(member);
  }

  async #lost(event: Left): Promise<Left> {
    const { member, cause } = event;
    const { pid } = member.identity;
    this.members.delete(member);
    this.#options.seating.leave(member);
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

  /** When a process dies, whoever it was connected to may be heard first. */
  async explained(interruption: Interruption): Promise<Interruption> {
    const event = await this.events.find('left', ({ member }) => member.role !== undefined, LAST_WORDS_MS);
    if (event === undefined) return interruption;
    const { member, cause, reason } = await this.#lost(event);
    return new Interruption(cause, member.role as string, reason, member.lastHeard);
  }
}
