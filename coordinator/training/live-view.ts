/** What only the running coordinator knows of its run, for people and metrics. */
import type { LiveView, WorkerView } from '../view/run-view.js';
import type { Crew } from './crew/crew.js';
import type { Member } from './crew/member.js';

interface LiveParts {
  roles: readonly string[];
  crew: Crew;
  step: number;
  /** performance.now() of the last commit; 0: none yet. */
  committedAt: number;
  /** A step was called off and is not committed again yet. */
  recovering: boolean;
  /** What the training waits for between two steps; empty: nothing. */
  paused: string;
  /** Steps have begun. */
  began: boolean;
}

export function liveView({ roles, crew, step, committedAt, recovering, paused, began }: LiveParts): LiveView {
  const now = performance.now();
  const seated = roles.map((role) => workerView(role, crew.memberOf(role), now));
  const spares = [...crew.roster.members]
    .filter(({ role, present }) => present && role === undefined)
    .map((member) => workerView('', member, now));
  return {
    state: paused === '' ? stateOf(seated, recovering, began) : 'waiting',
    reason: paused === '' ? crew.waitsFor : paused,
    step,
    epoch: crew.epoch,
    sinceCommitMs: committedAt === 0 ? 0 : now - committedAt,
    workers: [...seated, ...spares],
  };
}

function stateOf(workers: readonly WorkerView[], recovering: boolean, began: boolean): LiveView['state'] {
  if (recovering) return 'recovering';
  if (began) return 'training';
  return workers.some(({ state }) => state === 'missing') ? 'waiting' : 'starting';
}

function workerView(role: string, member: Member | undefined, now: number): WorkerView {
  if (member === undefined) {
    const nothing = { worker: '', engine: '', device: '', phase: '', metrics: '' };
    return { role, state: 'missing', ...nothing, phaseMs: 0, heartbeatMs: 0, residentBytes: 0 };
  }
  const { name, engine, device, phase, residentBytes, metrics } = member;
  return {
    role,
    state: member.ready ? 'ready' : 'starting',
    worker: name,
    engine,
    device,
    phase,
    phaseMs: member.phaseMs(now),
    heartbeatMs: member.silence(now),
    residentBytes,
    metrics,
  };
}
