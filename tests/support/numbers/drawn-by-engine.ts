/** What the engine draws with a trained run's generators. */
import { generatorWeights, resolveStep } from '../../../coordinator/cli/trained.js';
import { pixelByte } from '../../../coordinator/pictures/pixel-byte.js';
import { readRecord } from '../../../coordinator/run/config/record.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { architectureOf } from '../../../gan/network/role-architecture.js';
import { drawSamples } from '../../../gan/network/sampling.js';
import { testEngine } from './engine.js';

/** @param z [count, latent] @returns [count, ...sample] */
export async function drawnByEngine(run: string, role: string, z: Float32Array): Promise<Float32Array> {
  const directory = RunDirectory.open(run);
  const { training, sampleShape } = readRecord(directory);
  const weights = generatorWeights(directory, resolveStep(directory, undefined), role);
  return drawSamples(await testEngine(), architectureOf(role, training, sampleShape), weights, z);
}

/** The same as pixels, [count, height, width, 3], 0 to 255. */
export async function pixelsByEngine(run: string, role: string, z: Float32Array): Promise<number[]> {
  const { sampleShape } = readRecord(RunDirectory.open(run));
  const values = Array.from(await drawnByEngine(run, role, z), pixelByte);
  return sampleShape.at(-1) === 3 ? values : values.flatMap((grey) => [grey, grey, grey]);
}
