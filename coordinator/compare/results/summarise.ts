/** A run in a page: everything the report needs of its folder, so that the rest of the folder can go. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import type { Evaluation } from '../../../gan/metrics/evaluation.js';
import { listCheckpoints, readRole } from '../../run/checkpoints/checkpoints.js';
import { readRecord } from '../../run/config/record.js';
import { RunDirectory } from '../../run/directory.js';
import type { StepMetrics } from '../../run/journal/journal.js';
import { rolesOf } from '../../training/crew/roles.js';
import { readEvaluation } from '../evaluation.js';
import type { PlannedRun } from '../plan.js';
import type { Comparison } from '../spec.js';
import { type Collapse, collapseOf } from './collapse.js';
import { type Curves, curvesOf } from './curves.js';
import { type Quality, readQuality } from './quality.js';

export interface RunSummary {
  /** Steps committed. */
  step: number;
  /** Training time, without the start and the evaluation. */
  seconds: number;
  generators: number;
  curves: Curves;
  /** Mean over the last tenth of the steps; absent when no step was committed. */
  losses?: { discriminator: number; generators: number[] };
  quality?: Quality;
  /** Null: it did not collapse. */
  collapse: Collapse | null;
  /** Rules that suspected a collapse at some step, whether or not it passed; none where the trainer has no rules. */
  suspected: string[];
  evaluation?: Evaluation;
  /** Trained numbers by role. */
  parameters?: Record<string, number>;
  versions: Record<string, string>;
  device: string;
  machine: { cores: number; processor: string };
}

interface LoggedEvent {
  event: string;
  reason?: string;
  rule?: string;
}

/** @param folder a run directory, whole or of a run that died */
export function summarise(folder: string, run: PlannedRun, { evaluate }: Comparison): RunSummary {
  const directory = RunDirectory.open(folder);
  const { versions, identity, training } = readRecord(directory);
  const metrics = readLines<StepMetrics>(join(folder, 'metrics.jsonl'));
  const events = readLines<LoggedEvent>(join(folder, 'events.jsonl'));
  const evaluation = evaluate === false ? undefined : readEvaluation(folder, run.training.steps, evaluate);
  const quality = readQuality(readLines(join(folder, 'quality.jsonl')));
  const losses = finalLosses(metrics);
  const parameters = countParameters(directory, training.generators);
  return {
    step: metrics.at(-1)?.step ?? 0,
    seconds: Math.round(metrics.reduce((sum, { ms }) => sum + ms, 0)) / 1000,
    generators: training.generators,
    curves: curvesOf(metrics, run.training.steps),
    ...(losses === undefined ? {} : { losses }),
    ...(quality === undefined ? {} : { quality }),
    collapse: collapseOf({
      data: run.data,
      quality,
      modes: evaluation?.groups['mixture']?.modes,
      faulty: faultReason(events),
    }),
    suspected: suspicions(events),
    ...(evaluation === undefined ? {} : { evaluation }),
    ...(parameters === undefined ? {} : { parameters }),
    versions: { ...versions, engine: identity.engine ?? 'unknown' },
    device: identity.device ?? 'unknown',
    machine: { cores: availableParallelism(), processor: cpus()[0]?.model.trim() ?? 'unknown' },
  };
}

/** Why a run failed, or was ended by a rule, by its own events; undefined when it left none. */
export function failureReason(folder: string): string | undefined {
  const last = readLines<LoggedEvent>(join(folder, 'events.jsonl')).at(-1);
  return last?.event === 'run-failed' || last?.event === 'run-stopped' ? last.reason : undefined;
}

/** The reason of a faulty step, if the run ended with one. */
function faultReason(events: readonly LoggedEvent[]): string | undefined {
  if (events.at(-1)?.event !== 'run-failed') return undefined;
  return events.findLast(({ event }) => event === 'step-faulty')?.reason;
}

function suspicions(events: readonly LoggedEvent[]): string[] {
  const rules = events.flatMap(({ event, rule }) => (event === 'collapse-suspected' ? [rule ?? 'unknown'] : []));
  return [...new Set(rules)].sort();
}

/** The objects of a journal; a line that was cut off by a crash is left out. */
export function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as T];
      } catch {
        return [];
      }
    });
}

function finalLosses(metrics: readonly StepMetrics[]): RunSummary['losses'] {
  const last = metrics.slice(-Math.ceil(metrics.length / 10));
  const [first] = last;
  if (first === undefined) return undefined;
  const mean = (pick: (line: StepMetrics) => number) => last.reduce((sum, line) => sum + pick(line), 0) / last.length;
  return {
    discriminator: mean((line) => line.discriminatorLoss),
    generators: first.generatorLosses.map((_, i) => mean((line) => line.generatorLosses[i] ?? Number.NaN)),
  };
}

const TRAINED = 'adam/m/';

/** From the newest checkpoint: what Adam has a moment for is what is trained. */
function countParameters(directory: RunDirectory, generators: number): Record<string, number> | undefined {
  const step = listCheckpoints(directory).at(-1);
  if (step === undefined) return undefined;
  return Object.fromEntries(
    rolesOf(generators).map((role) => {
      const { arrays } = decodeSafetensors(readRole(directory, step, role));
      const trained = arrays.filter(({ name }) => name.startsWith(TRAINED));
      return [role, trained.reduce((sum, { data }) => sum + data.length, 0)] as const;
    }),
  );
}
