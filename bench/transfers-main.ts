/** A process that plays two steps of all roles on a device, and prints what the second has uploaded and read back. */
import { runCommand } from '../common/process/run-command.js';
import { loadEngine } from '../gan/engine/index.js';
import { prepareEngine } from '../gan/engine/prepare/index.js';
import { latents } from '../gan/latents.js';
import { newGame, playStep } from '../gan/one-process.js';
import { normals, randomStream } from '../gan/random.js';
import { transfersOf } from './transfers.js';
import { type Work, configOf, sampleOf } from './work.js';

await runCommand(async () => {
  const device = process.argv[2] === 'cuda' ? 'cuda' : 'cpu';
  const work = JSON.parse(process.argv[3] ?? '') as Work;
  const prepared = await prepareEngine({ flavour: device, env: process.env });
  const engine = await loadEngine({ name: 'tensorflow', prepared, threads: 1, device });
  const [config, sample] = [configOf(work), sampleOf(work)];
  const game = newGame(engine, config, sample);
  const x = normals(randomStream(1, 'bench'), config.batch * sample.reduce((a, b) => a * b, 1));
  const step = (i: number) => void playStep(game, x, latents(config.seed, i, config.batch, config.latent));
  // The first one also uploads the initial weights.
  step(1);
  process.stdout.write(`${JSON.stringify(transfersOf(engine, () => step(2)))}\n`);
  return 0;
});
