/** An event of a run for people: a sentence, and how much it matters. */
import type { RunEvent } from './journal.js';
import type { Quality } from './quality.js';

export const EVENT_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type EventLevel = (typeof EVENT_LEVELS)[number];

/** One sentence or phrase without markup; numbers have their units. */
export function textOf(event: RunEvent): string {
  switch (event.event) {
    case 'run-started':
      return `the run began: ${counted(event.workers, 'worker')}, coordinator at ${event.address}`;
    case 'run-resumed':
      return `the run goes on from step ${event.step}: ${counted(event.workers, 'worker')}, coordinator at ${event.address}`;
    case 'worker-joined':
      return `${event.worker} joined (process ${event.pid} of ${event.host})`;
    case 'role-assigned':
      return `${event.worker} gets the role ${event.role}, with ${counted(event.threads, 'thread')} (epoch ${event.epoch})`;
    case 'worker-standing-by':
      return `${event.worker} stands by${event.role === '' ? '' : `, ready for a role like ${event.role}`}`;
    case 'role-ready':
      return `${event.role} is ready: ${event.worker} with ${event.engine} on ${event.device} (epoch ${event.epoch})`;
    case 'training-began':
      return event.step === 0
        ? `training began (epoch ${event.epoch})`
        : `training goes on after step ${event.step} (epoch ${event.epoch})`;
    case 'checkpoint-written':
      return `checkpoint of step ${event.step} written: ${bytesText(event.bytes)} in ${millisecondsText(event.milliseconds)}`;
    case 'checkpoint-passed-over':
      return `checkpoint of step ${event.step} passed over: ${event.reason}`;
    case 'samples-written':
      return `samples of step ${event.step} drawn: ${event.file}`;
    case 'message-refused':
      return `a message of ${event.worker} was refused: ${event.reason}`;
    case 'worker-lost':
      return lostText(event);
    case 'step-faulty':
      return `step ${event.step} is faulty, ${event.role}: ${event.reason}`;
    case 'step-called-off':
      return `step ${event.step} was called off${ofRole(event.role)} (${event.cause}): ${event.reason}`;
    case 'recovered':
      return recoveredText(event);
    case 'replay-differs':
      return `the replay of step ${event.step} gives other bits: ${event.reason}`;
    case 'fault-suspected': {
      const peer = event.peer === '' ? '' : ` and ${event.peer}`;
      return `a fault is suspected of ${event.role}${peer} (${event.cause}): ${event.reason}`;
    }
    case 'nobody-evicted':
      return `no worker is replaced: ${event.reason}`;
    case 'stop-requested':
      return `a stop was asked for: ${event.by}`;
    case 'fault-injected':
      return injectedText(event);
    case 'evaluator-started':
      return `the evaluator started (process ${event.pid})`;
    case 'quality-measured':
      return `evaluation of step ${event.step}: ${qualityText(event)}`;
    case 'collapse-suspected':
      return `step ${event.step}: collapse suspected, ${event.rule}${ofRole(event.subject)}: ${event.reason}`;
    case 'warning-raised':
      return `step ${event.step}: warning, ${event.rule}${ofRole(event.subject)}: ${event.reason}`;
    case 'warning-cleared':
      return `step ${event.step}: no longer, ${event.rule}${ofRole(event.subject)}: ${event.reason}`;
    case 'evaluation-skipped':
      return `step ${event.step} is not evaluated: ${event.reason}`;
    case 'evaluation-ended':
      return `no more evaluations: ${event.reason}`;
    case 'rolled-back':
      return `the run went back from step ${event.step} to its best checkpoint, step ${event.to}, and goes another way (branch ${event.branch}): ${event.reason}`;
    case 'rollback-refused':
      return `the run does not go back after the evaluation of step ${event.evaluated}: ${event.reason}`;
    case 'store-behind':
      return `the store lacks ${counted(event.writes, 'change')} of the last ${event.seconds} s: ${event.reason}`;
    case 'store-caught-up': {
      const paused =
        event.pausedMs === 0 ? '' : `; the training had waited for it for ${millisecondsText(event.pausedMs)}`;
      return `the store has everything again, after ${millisecondsText(event.milliseconds)}${paused}`;
    }
    case 'exported':
      return `generators exported to ${event.folder}`;
    case 'run-finished':
      return `the run finished at step ${event.step}`;
    case 'run-stopped':
      return `the run stopped at step ${event.step}${becauseOf(event.reason)}`;
    case 'run-failed':
      return `the run failed at step ${event.step}${becauseOf(event.reason)}`;
  }
}

/** error: the run is over or not what was promised. warn: somebody may want to look. */
export function levelOf(event: RunEvent): EventLevel {
  switch (event.event) {
    case 'worker-lost':
      return event.cause === 'left' ? 'info' : 'warn';
    case 'checkpoint-passed-over':
    case 'step-faulty':
    case 'step-called-off':
    case 'fault-suspected':
    case 'nobody-evicted':
    case 'fault-injected':
    case 'collapse-suspected':
    case 'warning-raised':
    case 'evaluation-ended':
    case 'store-behind':
    case 'rolled-back':
    case 'rollback-refused':
      return 'warn';
    case 'replay-differs':
    case 'run-failed':
      return 'error';
    // By the hundred in a long run, or only of interest to who looks for a fault.
    case 'samples-written':
    case 'message-refused':
    case 'evaluator-started':
      return 'debug';
    case 'run-started':
    case 'run-resumed':
    case 'worker-joined':
    case 'role-assigned':
    case 'worker-standing-by':
    case 'role-ready':
    case 'training-began':
    case 'checkpoint-written':
    case 'recovered':
    case 'stop-requested':
    case 'quality-measured':
    case 'warning-cleared':
    case 'evaluation-skipped':
    case 'store-caught-up':
    case 'exported':
    case 'run-finished':
    case 'run-stopped':
      return 'info';
  }
}

/** KID 0.0123, best 0.0110 at step 400, ratio 1.12, 7 of 8 modes */
export function qualityText({ kid, best, bestStep, ratio, modes, modesOf }: Quality): string {
  const ofModes = modes === undefined ? '' : `, ${modes} of ${modesOf} modes`;
  return `KID ${kid.toFixed(4)}, best ${best.toFixed(4)} at step ${bestStep}, ratio ${ratio.toFixed(2)}${ofModes}`;
}

/** 1234567 → 1.2 MB */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const;
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** 842 → 842 ms, 1234 → 1.2 s */
export function millisecondsText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function lostText({ worker, role, cause, reason }: Extract<RunEvent, { event: 'worker-lost' }>): string {
  const who = `${worker}, ${role === '' ? 'without a role' : `the worker of ${role}`}`;
  return cause === 'left' ? `${who}, left: ${reason}` : `${who}, was lost (${cause}): ${reason}`;
}

function recoveredText(event: Extract<RunEvent, { event: 'recovered' }>): string {
  const { detectMs, replaceMs, restoreMs, replayMs, totalMs, faults, replayed } = event;
  const parts = Object.entries({ detect: detectMs, replace: replaceMs, restore: restoreMs, replay: replayMs });
  return (
    `recovered from ${faults > 1 ? `${faults} faults` : `a fault (${event.cause}${ofRole(event.role)})`} ` +
    `in ${millisecondsText(totalMs)}: back to step ${event.to}, ${counted(replayed, 'step')} replayed, ` +
    `step ${event.step} committed (${parts.map(([name, ms]) => `${name} ${millisecondsText(ms)}`).join(', ')})`
  );
}

function injectedText({ fault, role, peer, worker, step }: Extract<RunEvent, { event: 'fault-injected' }>): string {
  const whose = role === '' ? '' : ` of ${role}${peer === '' ? '' : ` and ${peer}`}`;
  return `fault made on purpose during step ${step}: ${fault}${whose}${worker === '' ? '' : ` (${worker})`}`;
}

function ofRole(role: string): string {
  return role === '' ? '' : ` of ${role}`;
}

function becauseOf(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}

/** 1 step, 2 steps */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
