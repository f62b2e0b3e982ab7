/** A process that plays D, G1 and G2 of the MNIST preset on random data, and prints the median milliseconds of a step. */
import { trainingConfigSchema } from '../gan/config.js';
import { type Engine, loadEngine } from '../gan/engine/index.js';
import { prepareEngine } from '../gan/engine/prepare/index.js';
import { latents } from '../gan/latents.js';
import { normals, randomStream } from '../gan/random.js';
import { newGame, playStep } from '../gan/one-process.js';
import { WARM_UP } from './duet.js';
import { median } from './statistics.js';

const [threads = 1, steps = 40] = process.argv.slice(2, 4).map(Number);
const [, , , , kind = 'cpu'] = process.argv;
const SAMPLE = [28, 28, 1];

const engine =
  kind === 'wasm' ? await loadEngine({ name: 'wasm' }) : await nativeEngine(kind === 'cuda' ? 'cuda' : 'cpu');
const config = trainingConfigSchema.parse({});
const game = newGame(engine, config, SAMPLE);
const x = normals(randomStream(1, 'bench'), config.batch * SAMPLE.reduce((a, b) => a * b, 1));
const times: number[] = [];
for (let step = 1; step <= steps + WARM_UP; step += 1) {
  const start = performance.now();
  playStep(game, x, latents(config.seed, step, config.batch, config.latent));
  if (step > WARM_UP) times.push(performance.now() - start);
}
process.stdout.write(`${median(times)}\n`);

async function nativeEngine(device: 'cuda' | 'cpu'): Promise<Engine> {
  const prepared = await prepareEngine({ flavour: device, env: process.env });
  return await loadEngine({ name: 'tensorflow', prepared, threads, device });
}
