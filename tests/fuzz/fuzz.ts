/** All targets, one after the other. */
import type { Outcomes, Target } from './target.js';
import { assignment } from './targets/assignment.js';
import { page } from './targets/page.js';
import { checkpointTarget } from './targets/checkpoint.js';
import { fileTargets } from './targets/files.js';
import { frames } from './targets/frames.js';
import { messages } from './targets/messages.js';
import { options } from './targets/options.js';
import { safetensors } from './targets/safetensors.js';
import { sockets } from './targets/sockets.js';

export interface FuzzOptions {
  /** Inputs of all targets together. */
  runs: number;
  seed: number;
  /** After each target. */
  done?(target: string, outcomes: Outcomes, seconds: number): void;
}

export interface FuzzResult {
  /** Inputs by target. */
  inputs: Map<string, number>;
  outcomes: Outcomes;
  seconds: number;
  /** Largest resident size of this process, bytes. */
  peak: number;
}

/** @throws FuzzError for the first input that is answered wrongly, Finding when the whole has an effect that it must not have */
export async function fuzz({ runs, seed, done = () => {} }: FuzzOptions): Promise<FuzzResult> {
  const begun = performance.now();
  using checkpoints = checkpointTarget();
  using files = fileTargets();
  const targets: Target[] = [
    frames,
    messages,
    safetensors,
    checkpoints,
    options,
    ...files.targets,
    assignment,
    page,
    sockets,
  ];
  const inputs = new Map<string, number>();
  const outcomes: Outcomes = new Map();
  for (const target of targets) {
    const since = performance.now();
    const found = await target.fuzz({ runs: Math.ceil(runs * target.share), seed });
    done(target.name, found, (performance.now() - since) / 1000);
    inputs.set(target.name, sum(found));
    for (const [outcome, times] of found) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + times);
  }
  const seconds = (performance.now() - begun) / 1000;
  return { inputs, outcomes, seconds, peak: process.resourceUsage().maxRSS * 1024 };
}

export function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
