/** `coordinator export`: generators as tfjs layers models; a finished run does it by itself. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ExitCode } from '../../common/run-command.js';
import { type Engine, saveModel } from '../../gan/engine/index.js';
import { layersModel } from '../../gan/network/export.js';
import { architectureOf } from '../../gan/network/role-architecture.js';
import { engineAtHand } from '../engines/beside.js';
import { RunDirectory } from '../run/directory.js';
import { readRecord } from '../run/record.js';
import { storageError } from '../run/storage-error.js';
import { rolesOf } from '../training/roles.js';
import { resolveStep, generatorWeights } from './trained.js';

interface ExportFlags {
  run: string;
  step?: string;
  out?: string;
}

export async function exportCommand({ run, step, out }: ExportFlags): Promise<ExitCode> {
  const directory = RunDirectory.open(run);
  resolveStep(directory, step);
  await exportGenerators(directory, {
    engine: await engineAtHand(),
    say: (line) => void process.stdout.write(`${line}\n`),
    ...(step === undefined ? {} : { step }),
    ...(out === undefined ? {} : { out }),
  });
  return 0;
}

interface ExportOptions {
  engine: Engine;
  say(line: string): void;
  step?: string;
  out?: string;
}

/** Writes OUT/generator-k/model.json and its weights for every generator of a run. */
export async function exportGenerators(
  directory: RunDirectory,
  { engine, say, step, out }: ExportOptions,
): Promise<void> {
  const { training, sampleShape } = readRecord(directory);
  const chosen = resolveStep(directory, step);
  const architecture = architectureOf('generator-1', training, sampleShape);
  for (const role of rolesOf(training.generators).slice(1)) {
    const folder = out === undefined ? directory.file('export', role) : join(resolve(out), role);
    const model = layersModel(engine, architecture, generatorWeights(directory, chosen, role));
    directory.assertWritable();
    try {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await saveModel(model, folder);
    } catch (error) {
      throw storageError(error, folder);
    } finally {
      model.dispose();
    }
    say(`${role} of step ${chosen}: ${join(folder, 'model.json')}`);
  }
}
