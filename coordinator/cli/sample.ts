/** `coordinator sample`: a picture from the generators of any checkpoint. */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ExitCode } from '../../common/process/run-command.js';
import { isMixture, mixtureNamed } from '../../gan/data/mixtures.js';
import { sampleLatents } from '../../gan/latents.js';
import { architectureOf } from '../../gan/network/role-architecture.js';
import { drawSamples } from '../../gan/network/sampling.js';
import { engineAtHand } from '../engines/beside.js';
import { sampleGrid } from '../pictures/sample-grid.js';
import { checkpointName } from '../run/checkpoints/checkpoints.js';
import { readRecord } from '../run/config/record.js';
import { RunDirectory, writeWhole } from '../run/directory.js';
import { storageError } from '../run/storage-error.js';
import { rolesOf } from '../training/crew/roles.js';
import { generatorWeights, resolveStep } from './trained.js';
import { wholeNumber } from './whole-number.js';

interface SampleFlags {
  run: string;
  step?: string;
  generator?: string;
  count: string;
  seed?: string;
  out?: string;
}

const MOST_SAMPLES = 4096;

export async function sampleCommand(flags: SampleFlags): Promise<ExitCode> {
  const directory = RunDirectory.open(flags.run);
  const { training, sampleShape } = readRecord(directory);
  const step = resolveStep(directory, flags.step);
  const count = wholeNumber('--count', flags.count, 1, MOST_SAMPLES);
  const seed = flags.seed === undefined ? training.seed : wholeNumber('--seed', flags.seed, 0);
  const roles = chosenRoles(training.generators, flags.generator);
  const engine = await engineAtHand();
  const architecture = architectureOf('generator-1', training, sampleShape);
  const z = sampleLatents(seed, count, training.latent);
  const bands = roles.map((role) => ({
    title: role,
    count,
    samples: drawSamples(engine, architecture, generatorWeights(directory, step, role), z),
  }));
  const centres = isMixture(training.data) ? { centres: mixtureNamed(training.data).centres } : {};
  const picture = await sampleGrid({ bands, shape: sampleShape, ...centres });
  const file =
    flags.out === undefined ? directory.file('samples', `drawn-${checkpointName(step)}.png`) : resolve(flags.out);
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw storageError(error, dirname(file));
  }
  writeWhole(file, picture);
  process.stdout.write(`${roles.join(', ')} of step ${step}: ${file}\n`);
  return 0;
}

function chosenRoles(generators: number, chosen: string | undefined): string[] {
  const all = rolesOf(generators).slice(1);
  if (chosen === undefined) return all;
  const role = all[wholeNumber('--generator', chosen, 1, generators) - 1];
  return role === undefined ? [] : [role];
}
