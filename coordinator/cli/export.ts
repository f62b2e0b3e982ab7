/** `coordinator export`: generators as tfjs layers models, which a finished run does by itself, and a page that draws with them. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ExitCode } from '../../common/process/run-command.js';
import { type Engine, saveModel } from '../../gan/engine/index.js';
import { layersModel } from '../../gan/network/export.js';
import { architectureOf } from '../../gan/network/role-architecture.js';
import { engineAtHand } from '../engines/beside.js';
import { aboutRun } from '../export-page/about-run.js';
import { assertReplaceable, writePage } from '../export-page/write-page.js';
import { readRecord } from '../run/config/record.js';
import { RunDirectory } from '../run/directory.js';
import { storageError } from '../run/storage-error.js';
import { rolesOf } from '../training/crew/roles.js';
import { generatorWeights, resolveStep } from './trained.js';

interface ExportFlags {
  run: string;
  step?: string;
  out?: string;
  page?: true;
}

export async function exportCommand({ run, step, out, page }: ExportFlags): Promise<ExitCode> {
  const directory = RunDirectory.open(run);
  const chosen = resolveStep(directory, step);
  const models = out === undefined ? directory.file('export') : resolve(out);
  const folder = join(models, 'page');
  // What cannot be is refused before anything is written.
  const about = page === true ? aboutRun(directory, chosen) : undefined;
  if (about !== undefined) assertReplaceable(folder);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  await exportGenerators(directory, {
    engine: await engineAtHand(),
    say,
    // A run that trains may have a newer checkpoint by now, or a better one.
    step: String(chosen),
    ...(out === undefined ? {} : { out }),
  });
  if (about === undefined) {
    say('a page that shows them in any browser: the same command with --page');
  } else {
    say(`page of step ${chosen}: ${writePage(folder, about, models)}`);
    say('open it by double click, or put its folder on any web server: it needs nothing else, and no network');
  }
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
