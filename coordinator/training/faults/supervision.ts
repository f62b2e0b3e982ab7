/** Looks at every worker twice a second: what is silent, slow or cut off is told, or ends as an eviction or an interruption. */
import { statOf } from '../../../common/process/process-stat.js';
import type { Placement } from '../../placement/placement.js';
import type { Cause } from '../../run/journal/cause.js';
import type { Crew } from '../crew/crew.js';
import type { Member } from '../crew/member.js';
import type { Run } from '../run.js';
import { diagnose } from './diagnosis.js';
import type { Deadlines, Evidence, Suspicion } from './evidence.js';
import { Interruption } from './interruption.js';

const CHECK_MS = 500;
/** When a check itself comes this much too late, the coordinator was asleep, and no silence proves anything. */
const LATE_MS = 2000;
/** Several round trips of a continent; within a data centre it is a fault. */
const ROUND_TRIP_MS = 1000;
/** The first start of an engine on a machine can take minutes. */
const START_MS = 10 * 60_000;
/** How often a broken exchange is opened anew between the same two before one of them is replaced. */
const RECONNECTS = 1;

interface SupervisionOptions {
  run: Run;
  crew: Crew;
  placement: Placement;
  /** Since the step in progress began, milliseconds; 0 between steps. */
  stepMs(now: number): number;
}

export class Supervision implements Disposable {
  readonly #options: SupervisionOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #deadlines: Deadlines;
  /** What was told and still holds. */
  #told = new Set<string>();
  /** Reconnections by pair since a step was last committed. */
  readonly #reconnects = new Map<string, number>();
  #last = performance.now();

  constructor(options: SupervisionOptions) {
    const { heartbeatDeadline, stepDeadline } = options.run.settings;
    this.#options = options;
    this.#deadlines = {
      heartbeatMs: heartbeatDeadline * 1000,
      stepMs: stepDeadline * 1000,
      roundTripMs: ROUND_TRIP_MS,
      startMs: START_MS,
    };
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** A step was committed: whatever was opened anew works. */
  committed(): void {
    this.#reconnects.clear();
  }

  #check(): void {
    const now = performance.now();
    const late = now - this.#last > CHECK_MS + LATE_MS;
    this.#last = now;
    if (late) return;
    const { crew } = this.#options;
    const present = [...crew.roster.members].filter((member) => member.present);
    const seated = present.filter((member) => member.role !== undefined);
    for (const standby of present) {
      if (standby.role !== undefined || standby.silence(now) <= this.#deadlines.heartbeatMs) continue;
      crew.evict(standby, 'silent', `nothing was heard from it for ${Math.round(standby.silence(now) / 1000)} s`);
    }
    const { suspicions, heldBack } = diagnose(
      seated.map((member) => this.#evidence(member, now)),
      this.#options.stepMs(now),
      this.#deadlines,
    );
    const told = new Set<string>();
    for (const suspicion of suspicions) this.#act(suspicion, told);
    this.#reconnect(suspicions.filter(({ action }) => action === 'reconnect'));
    if (heldBack !== undefined) this.#tellOnce(told, { event: 'nobody-evicted', reason: heldBack });
    this.#told = told;
  }

  #evidence(member: Member, now: number): Evidence {
    const state = this.#processState(member);
    return {
      role: member.role ?? '',
      silentMs: member.silence(now),
      phase: member.phase,
      phaseMs: member.phaseMs(now),
      voted: member.voted,
      computeMs: member.computeMs,
      peers: member.peers,
      ...(state === undefined ? {} : { processState: state }),
    };
  }

  /** Only of a process of this machine, where the system tells. */
  #processState({ identity }: Member): string | undefined {
    return this.#options.placement.owns(identity.pid) ? statOf(identity.pid)?.state : undefined;
  }

  #act({ role, peer, cause, reason, action }: Suspicion, told: Set<string>): void {
    if (action === 'tell') this.#tellOnce(told, { event: 'fault-suspected', role, peer: peer ?? '', cause, reason });
    if (action === 'evict') this.#evict(role, cause, reason);
  }

  #evict(role: string, cause: Cause, reason: string): void {
    const { crew } = this.#options;
    const member = crew.memberOf(role);
    if (member !== undefined) crew.evict(member, cause, reason);
  }

  /** One new epoch opens every exchange anew; where that did not help, one end is replaced. */
  #reconnect(suspicions: readonly Suspicion[]): void {
    const { crew } = this.#options;
    const pairOf = ({ role, peer = '' }: Suspicion) => [role, peer].sort().join(' ');
    const tries = (suspicion: Suspicion) => this.#reconnects.get(pairOf(suspicion)) ?? 0;
    const hopeless = suspicions.filter((suspicion) => tries(suspicion) >= RECONNECTS);
    for (const { role, cause, reason } of hopeless) this.#evict(role, cause, reason);
    const [first] = suspicions;
    if (first === undefined || hopeless.length > 0) return;
    for (const suspicion of suspicions) this.#reconnects.set(pairOf(suspicion), tries(suspicion) + 1);
    const { role, cause, reason } = first;
    const since = crew.memberOf(role)?.lastHeard ?? performance.now();
    crew.roster.events.push({ kind: 'interrupted', interruption: new Interruption(cause, role, reason, since) });
  }

  #tellOnce(told: Set<string>, event: Parameters<Run['journal']['event']>[0]): void {
    const key = event.event === 'fault-suspected' ? `${event.cause} ${event.role} ${event.peer}` : event.event;
    told.add(key);
    if (!this.#told.has(key)) this.#options.run.journal.event(event);
  }
}
