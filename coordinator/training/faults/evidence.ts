/** What the coordinator knows of its workers when it looks for faults, and what it makes of it. */
import type { Cause } from '../../run/journal/cause.js';

/** What is known of a role's worker at one moment. */
export interface Evidence {
  role: string;
  /** Since anything was heard from it. */
  silentMs: number;
  /** From its newest heartbeat; 'between-steps' when it has voted and waits for the commit. */
  phase: string;
  /** How long it has been in that phase, silence included. */
  phaseMs: number;
  /** True if it has voted for the step in progress. */
  voted: boolean;
  /** Milliseconds of its own computing in each of the last steps, without waits; newest last, at most 32. */
  computeMs: readonly number[];
  /** The other ends of its exchange, as it told of them in its newest heartbeat. */
  peers: readonly { role: string; silentMs: number; roundTripMs: number }[];
  /** Of a local worker: the letter of its process state in /proc/PID/stat ('T' is stopped), if known. */
  processState?: string;
}

export interface Suspicion {
  /** Whose worker is to be replaced, now (evict) or when a reconnect did not help. */
  role: string;
  /** The other end, where the fault lies between two: a role, or 'coordinator'. */
  peer?: string;
  cause: Cause;
  /** In words, with the figures. */
  reason: string;
  /** evict: replace its worker. reconnect: only a new epoch, which opens the exchange anew. tell: an event, nothing else. */
  action: 'evict' | 'reconnect' | 'tell';
}

export interface Deadlines {
  /** Of silence, on the control stream and on the exchange. */
  heartbeatMs: number;
  /** Of a step, from its begin. */
  stepMs: number;
  /** A pulse that takes longer is a slow link. */
  roundTripMs: number;
  /** Of each phase of a start (engine, data, going back), and of a role's first steps. Generous: data can be large. */
  startMs: number;
}

export interface Diagnosis {
  suspicions: Suspicion[];
  /** Why nobody is evicted although something is wrong; in one sentence, the same at every look while it lasts. */
  heldBack?: string;
}

const STARTING: readonly string[] = ['starting', 'loading the engine', 'opening the data', 'going back'];
const IDLE: readonly string[] = ['between-steps', 'standing by', 'finished'];

/** Nothing is expected of it but to be heard of, and to be ready at last. */
export function isStarting({ phase }: Evidence): boolean {
  return STARTING.includes(phase);
}

export function isWaiting({ phase }: Evidence): boolean {
  return phase.startsWith('wait-');
}

export function isIdle({ phase }: Evidence): boolean {
  return IDLE.includes(phase);
}

/** In a phase of its own work: every phase that is not known to be another is taken for one. */
export function isComputing(evidence: Evidence): boolean {
  return !isStarting(evidence) && !isWaiting(evidence) && !isIdle(evidence);
}

/** Milliseconds for people: 340 ms, 1.5 s, 12 s. */
export function shownMs(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
}
