/** What the coordinator of a run in another process says of it: its own page is asked. */
import { z } from 'zod';
import type { RunDirectory } from '../run/directory.js';
import { readStatus } from './read-run.js';
import { type LiveView, WORKER_STATES } from './run-view.js';

const count = z.number().min(0);
const text = z.string().max(1000);
const liveSchema = z.object({
  id: z.string(),
  state: z.enum(['starting', 'waiting', 'training', 'recovering']),
  reason: text.default(''),
  step: count,
  epoch: count,
  sinceCommitMs: count,
  workers: z
    .array(
      z.object({
        role: text,
        state: z.enum(WORKER_STATES),
        worker: text,
        engine: text,
        device: text,
        phase: text,
        phaseMs: count,
        heartbeatMs: count,
        residentBytes: count,
        metrics: text,
      }),
    )
    .max(1000),
});

const ASK_EVERY_MS = 1000;
const ANSWER_WITHIN_MS = 2000;
/** What was said longer ago is not shown as if it were so now. */
const GOOD_FOR_MS = 5000;

/** The newest answer, at once; it asks for the next one when it is called, and never otherwise. */
export function remoteLive(directory: RunDirectory): () => LiveView | undefined {
  let known: LiveView | undefined;
  let knownAt = 0;
  let askedAt = -Infinity;
  return () => {
    const now = performance.now();
    if (now - askedAt >= ASK_EVERY_MS) {
      askedAt = now;
      void askLive(directory).then((answer) => {
        if (answer === undefined) return;
        known = answer;
        knownAt = performance.now();
      });
    }
    return now - knownAt < GOOD_FOR_MS ? known : undefined;
  };
}

/** @returns undefined when nobody answers, or not for this run */
export async function askLive(directory: RunDirectory): Promise<LiveView | undefined> {
  const { page, state } = readStatus(directory);
  if (page === undefined || !/^http:\/\//.test(page) || (state !== 'running' && state !== 'starting')) return undefined;
  try {
    const response = await fetch(new URL('/api/run', page), {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
    });
    if (!response.ok) return undefined;
    const { id, ...live } = liveSchema.parse(await response.json());
    return id === directory.id ? live : undefined;
  } catch {
    return undefined;
  }
}
