/** Results of a comparison that nobody ran: smooth made-up numbers, with a dead run, a collapsed one and one that is missing. */
import type { PlannedRun } from '../../../coordinator/compare/plan.js';
import { planRuns } from '../../../coordinator/compare/plan.js';
import type { Results, RunRow } from '../../../coordinator/compare/results/results.js';
import type { RunSummary } from '../../../coordinator/compare/results/summarise.js';
import { checkComparison } from '../../../coordinator/compare/spec.js';
import type { EvaluatedData, Evaluation } from '../../../gan/metrics/evaluation.js';
import { randomStream, uniform } from '../../../gan/random.js';

export const SYNTHETIC = `name: synthetic
systems:
  gan: { system: gan }
  gan-<double>: { system: gan, width: 2 }
`;

const SYSTEMS = {
  gan: { system: 'gan' },
  'gan-double': { system: 'gan', width: 2 },
  'pggan-verdict-average': { system: 'pggan' },
  'pggan-average': { system: 'pggan', generatorLoss: 'average' },
  'pggan-sum': { system: 'pggan', generatorLoss: 'sum' },
};
const BINS = 40;

export interface Synthetic {
  results: Results;
  runs: PlannedRun[];
}

/** @param change of the file's keys */
export function syntheticComparison(change: Record<string, unknown> = {}): Synthetic {
  const comparison = checkComparison(
    {
      name: 'synthetic',
      systems: SYSTEMS,
      data: ['ring8', 'mnist'],
      seeds: 10,
      common: { steps: 4000 },
      ...change,
    },
    'synthetic.yaml',
  );
  const runs = planRuns(comparison, 'synthetic.yaml');
  const rows = runs.map((run): RunRow => {
    const { name, data, system, setting, seed } = run;
    return { name, data, system, setting, seed, state: 'finished', summary: summaryOf(run) };
  });
  return {
    runs,
    results: { duet: '0.1.0', comparison, source: { file: 'synthetic.yaml', text: SYNTHETIC }, runs: rows },
  };
}

function summaryOf(run: PlannedRun): RunSummary {
  const stream = randomStream(run.seed, 'synthetic', run.name);
  const noise = () => uniform(stream) - 0.5;
  const { steps, generators } = run.training;
  const bins = Array.from({ length: BINS }, (_, i) => (i + 1) / BINS);
  const rank = Object.keys(SYSTEMS).indexOf(run.system);
  const kidAt = (share: number) => 0.4 * Math.exp(-5 * share) + 0.01 + 0.004 * rank + 0.002 * noise();
  const curve = bins.map((share): [number, number] => [share * steps, kidAt(share)]);
  const kids = curve.map(([, kid]) => kid);
  const best = Math.min(...kids);
  const last = kids.at(-1) ?? best;
  return {
    step: steps,
    seconds: 60 + 10 * noise(),
    generators,
    curves: {
      step: bins.map((share) => share * steps),
      discriminator: bins.map((share) => 0.7 + 0.5 * Math.exp(-4 * share) + 0.05 * noise() + 0.03 * rank),
      generator: bins.map((share) => 1.2 - 0.4 * Math.exp(-3 * share) + 0.05 * noise() - 0.03 * rank),
      xJudgedReal: generators > 1 ? bins.map((share) => 0.75 + 0.2 * Math.exp(-6 * share) + 0.03 * noise()) : [],
    },
    losses: {
      discriminator: 0.7 + 0.02 * noise(),
      generators: Array.from({ length: generators }, () => 1.1 + noise() / 9),
    },
    quality: { curve, last, best, bestStep: steps * 0.9, ratio: last / best, lastRatios: [1.02, 1.1, last / best] },
    collapse: null,
    suspected: [],
    evaluation: evaluationOf(run, noise),
    parameters: {
      discriminator: 138_000,
      ...Object.fromEntries(Array.from({ length: generators }, (_, i) => [`generator-${i + 1}`, 764_000] as const)),
    },
    versions: { duet: '0.1.0', node: '22.1.0', engine: 'tensorflow 2.21.0' },
    device: 'CPU',
    machine: { cores: 2, processor: 'Test CPU' },
  };
}

function evaluationOf(run: PlannedRun, noise: () => number): Evaluation {
  const rank = Object.keys(SYSTEMS).indexOf(run.system);
  const isRing = run.data === 'ring8';
  const group = (floor: boolean) => ({
    kid: floor ? 0.00002 : 0.014 + 0.004 * rank + 0.002 * noise(),
    ...(isRing
      ? { modes: floor ? 8 : Math.round(6.5 + 2.4 * noise()), highQuality: floor ? 0.9889 : 0.9 + 0.05 * noise() }
      : { fidMnistCnn: floor ? 0.8 : 9 + rank + noise(), coverage: floor ? 0.97 : 0.8 + 0.1 * noise() }),
  });
  const roles = Array.from({ length: run.training.generators }, (_, i) => `generator-${i + 1}`);
  return {
    run: `seed-${run.seed}`,
    step: run.training.steps,
    samples: 2000,
    seed: 1,
    data: run.data as EvaluatedData,
    features: isRing ? { name: 'coordinates' } : { name: 'mnist-cnn', sha256: 'ab'.repeat(32), testAccuracy: 0.991 },
    groups: {
      real: group(true),
      mixture: group(false),
      ...Object.fromEntries(roles.map((role) => [role, group(false)] as const)),
    },
    overlap: roles.length < 2 ? [] : [{ generators: ['generator-1', 'generator-2'], kid: 0.02, probeAccuracy: 0.8 }],
    discriminator: {
      training: 1.2,
      heldOut: 1.1 + 0.05 * noise(),
      gap: 0.1,
      accuracyTraining: 0.8,
      accuracyHeldOut: 0.78,
    },
  };
}

/** The run as if it had died. */
export function died(row: RunRow, reason: string): RunRow {
  const { evaluation: _evaluation, ...rest } = row.summary as RunSummary;
  const summary: RunSummary = { ...rest, step: 812, collapse: { rule: 'diverged', reason } };
  return { ...row, state: 'dead', failure: { during: 'training', reason }, summary };
}

/** The run as if it had not been made. */
export function missing({ summary: _summary, ...row }: RunRow): RunRow {
  return { ...row, state: 'missing' };
}
