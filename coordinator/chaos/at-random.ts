/** Fault after fault until the run ends; a coordinator that is down is waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError, RefusedError } from '../../common/errors.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import type { FaultInjected__Output } from '../../proto/generated/duet/v1/FaultInjected.js';
import type { Access } from './access.js';
import { isDown, requestFault } from './client.js';
import { type DrawOptions, drawFault } from './draw.js';
import { describeFault } from './words.js';

export interface RandomOptions extends DrawOptions {
  access: Access;
  /** So many faults that were made; undefined: until the run ends. */
  count: number | undefined;
  stop: AbortSignal;
  say(line: string): void;
}

/** How often it is asked whether the run is over, and whether a coordinator that is down is there again. */
const LOOK_MS = 500;
/** A coordinator that is down for longer is not coming back: Kubernetes waits 5 minutes at most between two starts. */
const GONE_MS = 330_000;

/** Why there are no more faults. */
type End = 'count' | 'stopped' | { run: string };

/** @throws RefusedError when the run allows no faults, DuetError when its coordinator does not come back */
export async function faultsAtRandom(options: RandomOptions): Promise<{ made: number; end: End }> {
  const { count, say } = options;
  let made = 0;
  for (let index = 0; ; index += 1) {
    if (made === count) return { made, end: 'count' };
    const { waitMs, fault } = drawFault(options, index);
    const end = await pause(waitMs, options);
    if (end !== undefined) return { made, end };
    const outcome = await make(fault, options);
    if ('end' in outcome) return { made, end: outcome.end };
    if ('refused' in outcome) say(`not made: ${describeFault(fault)}: ${outcome.refused}`);
    else {
      made += 1;
      say(injectedLine(fault, outcome));
    }
  }
}

/** E.g. "step 57  kill of generator-1: host/4711". */
export function injectedLine(fault: Fault__Output, { step, worker }: FaultInjected__Output): string {
  return `step ${step}  ${describeFault(fault)}: ${worker}`;
}

/** @returns why there will be no more faults, if that is known before the time is over */
async function pause(waitMs: number, { access, stop }: RandomOptions): Promise<End | undefined> {
  const until = performance.now() + waitMs;
  for (;;) {
    if (stop.aborted) return 'stopped';
    const run = access.ended();
    if (run !== undefined) return { run };
    const rest = until - performance.now();
    if (rest <= 0) return undefined;
    await sleep(Math.min(rest, LOOK_MS));
  }
}

/** Asks until the coordinator answers. */
async function make(
  fault: Fault__Output,
  options: RandomOptions,
): Promise<FaultInjected__Output | { refused: string } | { end: End }> {
  const { access, say } = options;
  const since = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await requestFault(access, fault);
    } catch (error) {
      if (!(error instanceof DuetError)) throw error;
      if (error instanceof RefusedError && error.status === 'NOT_FOUND') return { refused: error.message };
      if (!isDown(error)) throw error;
      if (performance.now() - since > GONE_MS) {
        throw new DuetError(`${access.name}: its coordinator did not come back within ${GONE_MS / 1000} s`, {
          cause: error,
        });
      }
      if (tries === 1) say(`waiting for the coordinator: ${error.message}`);
      const end = await pause(LOOK_MS, options);
      if (end !== undefined) return { end };
    }
  }
}
