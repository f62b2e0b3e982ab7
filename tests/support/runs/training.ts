/** A run in one process, as the coordinator and its workers would make it. */
import type { TrainingConfig } from '../../../gan/config.js';
import { Batches } from '../../../gan/data/batches.js';
import { openDataset } from '../../../gan/data/open.js';
import type { Engine } from '../../../gan/engine/index.js';
import { latents } from '../../../gan/latents.js';
import { concatenate } from '../../../gan/network/arrays.js';
import { type Game, type GameStep, newGame, playStep } from '../../../gan/one-process.js';

/** Plays all steps of the config on its data; after each, `played` is told. */
export async function playRun(
  engine: Engine,
  config: TrainingConfig,
  played: (step: number, result: GameStep, game: Game) => void = () => {},
): Promise<Game> {
  const { seed, batch, discriminatorSteps: updates, latent } = config;
  const data = await openDataset(config.data, { seed });
  const batches = new Batches(seed, batch, data.count);
  const game = newGame(engine, config, data.shape);
  for (let step = 1; step <= config.steps; step += 1) {
    const x = Array.from({ length: updates }, (_, i) => data.gather(batches.indices((step - 1) * updates + i)));
    played(step, playStep(game, concatenate(x), latents(seed, step, updates * batch, latent)), game);
  }
  return game;
}
