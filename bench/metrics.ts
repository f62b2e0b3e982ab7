/** `bench metrics`: what being measured costs, of a step of the MNIST preset. Aim: under 1 %. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RunMeasures } from '../coordinator/metrics/run-measures.js';
import type { StepMetrics } from '../coordinator/run/journal/journal.js';
import { trainingConfigSchema } from '../gan/config.js';
import { scrape, targetsOf } from '../tests/support/monitoring/scrape.js';
import { statusOf } from '../tests/support/runs/run.js';
import { Measures } from '../worker/network/measures.js';
import { assertCounts } from './counts.js';
import { medianMs, threeWorkers } from './duet.js';
import { median, table } from './statistics.js';

const SCRAPE_EVERY_MS = 1000;
/** Of Prometheus, unless it is told otherwise. */
const USUAL_SCRAPE_MS = 15_000;
const ROUNDS = 7;
const CALLS = 5000;
const SCRAPES = 50;
const TENSOR_BYTES = 64 * 28 * 28 * 4;

export async function measureMetrics({ pairs, steps }: { pairs: number; steps: number }): Promise<void> {
  assertCounts({ pairs, steps });
  const [without, scraped]: [number[], number[]] = [[], []];
  let all: StepMetrics[] = [];
  let scrapes = 0;
  for (let pair = 1; pair <= pairs; pair += 1) {
    process.stderr.write(`pair ${pair} of ${pairs}: without scrapes\n`);
    all = await threeWorkers(steps);
    without.push(medianMs(all));
    process.stderr.write(`pair ${pair} of ${pairs}: scraped every second\n`);
    const run = await threeWorkers(steps, async (out, over) => {
      scrapes += await scrapeAll(out, over);
    });
    scraped.push(medianMs(run));
  }
  const step = median(without);
  const coordinator = await coordinatorCost(all);
  const worker = await workerCost(all);
  const share = (stepUs: number, scrapeMs: number) => stepUs / 1000 / step + scrapeMs / USUAL_SCRAPE_MS;
  const row = (name: string, { stepUs, scrapeMs }: Cost) => [
    name,
    `${stepUs.toFixed(1)} us`,
    `${scrapeMs.toFixed(2)} ms`,
    `${(100 * share(stepUs, scrapeMs)).toFixed(3)} %`,
  ];
  process.stdout.write(
    `\nWhat being measured costs of a step of the MNIST preset (${step.toFixed(1)} ms)\n\n${table(
      ['', 'a step', 'a scrape', `share, scraped every ${USUAL_SCRAPE_MS / 1000} s`],
      [row('coordinator', coordinator), row('a worker', worker)],
    )}\n\n${table(
      [`median of ${pairs} alternating runs`, 'ms a step', 'range'],
      [
        ['nobody scrapes', step.toFixed(1), range(without)],
        [`all four processes every second (${scrapes} scrapes)`, median(scraped).toFixed(1), range(scraped)],
        ['ratio, median of the pairs', median(scraped.map((ms, i) => ms / (without[i] ?? Number.NaN))).toFixed(3), ''],
      ],
    )}\n`,
  );
}

interface Cost {
  stepUs: number;
  scrapeMs: number;
}

/** What the coordinator's thread does for a committed step, and for a scrape after it. */
async function coordinatorCost(steps: readonly StepMetrics[]): Promise<Cost> {
  const training = trainingConfigSchema.parse({});
  const workers = Object.keys(steps[0]?.phases ?? {}).map((role) => ({
    ...{ role, state: 'ready' as const, worker: 'host/1', engine: 'e', device: 'cpu', phase: 'forward', phaseMs: 1 },
    ...{ heartbeatMs: 1, residentBytes: 1, metrics: '' },
  }));
  const view = { state: 'training' as const, reason: '', step: 1, epoch: 1, sinceCommitMs: 1, workers };
  const measures = new RunMeasures(
    { id: 'run', training, step: 0 },
    () => ({ view, faults: { recoveries: 0, replayedSteps: 0, staleMessages: 0 } }),
    () => ({ writes: 0, seconds: 0, reason: '' }),
  );
  return await costOf(
    (i) => measures.committed(steps[i % steps.length] as StepMetrics),
    () => measures.registry.text(),
  );
}

/** What the discriminator's network thread does: its vote, and a tensor each way for both generators. */
async function workerCost(steps: readonly StepMetrics[]): Promise<Cost> {
  const measures = new Measures('1', () => 1);
  measures.take('run', 'discriminator');
  const votes = steps.map(({ phases }) => ({
    tensors: 30,
    phases: Object.entries(phases['discriminator'] ?? {}).map(([name, milliseconds]) => ({ name, milliseconds })),
  }));
  return await costOf(
    (i) => {
      measures.voted(votes[i % votes.length] ?? {});
      for (const direction of ['received', 'received', 'sent', 'sent'] as const)
        measures.exchanged(direction, TENSOR_BYTES, 1);
    },
    () => measures.registry.text(),
  );
}

async function costOf(step: (i: number) => void, text: () => Promise<string>): Promise<Cost> {
  const stepUs: number[] = [];
  const scrapeMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    for (let i = 0; i < CALLS; i += 1) step(i);
    stepUs.push(((performance.now() - begun) * 1000) / CALLS);
    const scraping = performance.now();
    for (let i = 0; i < SCRAPES; i += 1) await text();
    scrapeMs.push((performance.now() - scraping) / SCRAPES);
  }
  return { stepUs: median(stepUs), scrapeMs: median(scrapeMs) };
}

/** As a Prometheus would, until the run is over. @returns how often */
async function scrapeAll(out: string, over: AbortSignal): Promise<number> {
  let count = 0;
  while (!over.aborted) {
    await sleep(SCRAPE_EVERY_MS, undefined, { signal: over }).catch(() => {});
    // Before it has begun there is nothing, nor after its end, and at that processes vanish.
    const url = statusOf(out)?.metrics;
    if (over.aborted || url === undefined) continue;
    try {
      const targets = await targetsOf(new URL(url).origin);
      const texts = await Promise.all(targets.flatMap((group) => group.targets.map(scrape)));
      count += texts.length;
    } catch (error) {
      if (!over.aborted && !(error instanceof TypeError)) throw error;
    }
  }
  return count;
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
