/** What the flags of `coordinator chaos` ask for: checked once, all of them. */
import { RefusedError, UsageError } from '../../common/errors.js';
import {
  FAULT_KINDS,
  type FaultKind,
  LASTING_FAULTS,
  LINK_FAULTS,
  LONGEST_MS,
  SLOWING_FAULTS,
  WORKER_FAULTS,
  isFaultKind,
  whyUnstoppable,
} from '../../common/faults.js';
import { nearestOf } from '../../common/nearest.js';
import { randomStream } from '../../gan/random.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import { wholeNumber } from './whole-number.js';
import type { Access } from '../chaos/access.js';
import { checkFault, peersOf } from '../chaos/check.js';
import { type DrawOptions, newFault, pick } from '../chaos/draw.js';

/** As they were typed. */
export interface ChaosFlags {
  run?: string;
  coordinator?: string;
  tokenFile?: string;
  generators?: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  fault?: string;
  role?: string;
  peer?: string;
  atStep?: string;
  for?: string;
  delay?: string;
  every?: string;
  faults?: string;
  seed?: string;
  count?: string;
}

export type ChaosRequest =
  { kind: 'one'; fault: Fault__Output } | { kind: 'random'; draw: DrawOptions; count: number | undefined };

const ANY = 'any';
const DEFAULT_FOR_S = '10';
const DEFAULT_DELAY_MS = '200';
/** All that a run survives without anybody's help, and that can be made here. */
const defaultKinds = (platform: string) =>
  FAULT_KINDS.filter(
    (kind) => kind !== 'coordinator-kill' && (kind !== 'stop' || whyUnstoppable(platform) === undefined),
  );

/** @throws UsageError for the first thing that is wrong */
export function readRequest(flags: ChaosFlags, access: Access, platform: string = process.platform): ChaosRequest {
  if (flags.every !== undefined && flags.fault !== undefined) {
    throw new UsageError(
      '--fault makes one fault and --every many: leave one away (with --every, --faults names kinds)',
    );
  }
  if (flags.every === undefined && flags.fault === undefined) {
    throw new UsageError(
      `say which fault: --fault KIND (${FAULT_KINDS.join(', ')}), or --every SECONDS for faults at random`,
    );
  }
  return flags.fault === undefined ? random(flags, access, platform) : one(flags, flags.fault, access);
}

function one(flags: ChaosFlags, name: string, access: Access): ChaosRequest {
  for (const flag of ['faults', 'count'] as const) {
    if (flags[flag] !== undefined) throw new UsageError(`--${flag} goes with --every: leave it away for one fault`);
  }
  const kind = kindOf('--fault', name);
  const [times, atStep] = [timesOf(flags, [kind]), wholeNumber('--at-step', flags.atStep ?? '0', 0)];
  const fault = newFault({ kind, ...whoseOf(flags, kind, access), atStep }, times);
  // Roles and steps that only the coordinator knows are for it to check.
  if (access.steps !== undefined) asUsage(() => checkFault(fault, access.roles, access.steps ?? 0));
  return { kind: 'one', fault };
}

function whoseOf(flags: ChaosFlags, kind: FaultKind, access: Access): { role: string; peer: string } {
  const { role = ANY, peer = '' } = flags;
  if (!isOfWorker(kind)) {
    if (flags.role !== undefined) throw new UsageError(`${kind} is of no role: leave --role away`);
    if (peer !== '') throw unfit('--peer', peer, LINK_FAULTS);
    return { role: '', peer };
  }
  const isLink = LINK_FAULTS.includes(kind);
  if (isLink && peer === '') {
    throw new UsageError(`${kind} is between two processes: add --peer coordinator, or --peer with a role`);
  }
  if (!isLink && peer !== '') throw unfit('--peer', peer, LINK_FAULTS);
  if (role !== ANY) return { role, peer };
  const possible = access.roles.filter((name) => !isLink || peersOf(name, access.roles).includes(peer));
  if (possible.length === 0) {
    const peers = ['coordinator', ...access.roles];
    throw new UsageError(
      `no role has a connection to '${peer}'${nearestOf(peer, peers)}: choose one of ${peers.join(', ')}`,
    );
  }
  return { role: pick(randomStream(seedOf(flags), 'chaos', 'any'), possible), peer };
}

function random(flags: ChaosFlags, access: Access, platform: string): ChaosRequest {
  for (const flag of ['peer', 'at-step'] as const) {
    const given = flag === 'peer' ? flags.peer : flags.atStep;
    if (given !== undefined)
      throw new UsageError(`--${flag} goes with --fault: with --every it is drawn, leave it away`);
  }
  const named = flags.faults?.split(',').map(kindOf.bind(null, '--faults'));
  const kinds = named ?? defaultKinds(platform);
  const { role = ANY } = flags;
  if (role !== ANY && !kinds.some(isOfWorker))
    throw new UsageError(`${kinds.join(', ')}: of no role, leave --role away`);
  if (role !== ANY && !access.roles.includes(role)) {
    throw new UsageError(
      `there is no role '${role}' in this run${nearestOf(role, access.roles)}: choose one of ${access.roles.join(', ')}`,
    );
  }
  return {
    kind: 'random',
    draw: {
      seed: seedOf(flags),
      everyMs: milliseconds('--every', flags.every ?? '', 1),
      kinds,
      targets: role === ANY ? access.roles : [role],
      roles: access.roles,
      ...timesOf(flags, kinds),
    },
    count: flags.count === undefined ? undefined : wholeNumber('--count', flags.count, 1),
  };
}

/** How long, and by how much; refused where no fault that was asked for takes it. */
function timesOf(flags: ChaosFlags, kinds: readonly string[]): { forMs: number; delayMs: number } {
  if (flags.for !== undefined && !kinds.some((kind) => LASTING_FAULTS.includes(kind)))
    throw unfit('--for', flags.for, LASTING_FAULTS);
  if (flags.delay !== undefined && !kinds.some((kind) => SLOWING_FAULTS.includes(kind)))
    throw unfit('--delay', flags.delay, SLOWING_FAULTS);
  return {
    forMs: milliseconds('--for', flags.for ?? DEFAULT_FOR_S, 0),
    delayMs: wholeNumber('--delay', flags.delay ?? DEFAULT_DELAY_MS, 1, LONGEST_MS),
  };
}

function seedOf({ seed = '1' }: ChaosFlags): number {
  return wholeNumber('--seed', seed, 0);
}

function kindOf(flag: string, name: string): FaultKind {
  if (isFaultKind(name)) return name;
  throw new UsageError(
    `${flag} ${name}: no such fault${nearestOf(name, FAULT_KINDS)}; choose of ${FAULT_KINDS.join(', ')}`,
  );
}

function isOfWorker(kind: FaultKind): boolean {
  return WORKER_FAULTS.some((name) => name === kind);
}

/** A flag in seconds. @param least milliseconds */
function milliseconds(flag: string, text: string, least: number): number {
  const value = Math.round(Number(text) * 1000);
  if (text.trim() !== '' && value >= least && value <= LONGEST_MS) return value;
  throw new UsageError(`${flag} takes seconds from ${least / 1000} to ${Math.floor(LONGEST_MS / 1000)}, not '${text}'`);
}

function unfit(flag: string, value: string, kinds: readonly string[]): UsageError {
  return new UsageError(`${flag} ${value} fits only ${kinds.join(', ')}: leave it away`);
}

/** What the coordinator would refuse, said before it is asked. */
function asUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof RefusedError ? new UsageError(error.message) : error;
  }
}
