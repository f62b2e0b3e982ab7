/** The line of a start that computes with wasm where the native engine was wanted: why, how slow, and how to get the other. */
import { openEnded } from '../../common/errors.js';
import { trainingConfigSchema } from '../../gan/config.js';
import { loadEngine } from '../../gan/engine/index.js';
import { latents } from '../../gan/latents.js';
import { newGame, playStep } from '../../gan/one-process.js';
import { normals, randomStream } from '../../gan/random.js';

/** A step of the MNIST preset in one process with one thread, wasm over native: `npm run bench -- engines` (docs/engines.md). */
const TIMES_NATIVE = 5.4;

const SAMPLE = [28, 28, 1];
const WARM_UP_BATCH = 4;

/** @param reason why the native engine cannot be prepared, with the cure; measures for about a second */
export async function explainFallback(reason: string): Promise<string> {
  const seconds = (await measureStep()) / 1000;
  return (
    `engine         wasm: ${openEnded(reason)}, then npx coordinator engine. ` +
    `Until then it is slower: a step of the MNIST preset's three networks takes ${seconds.toFixed(2)} s of one core here (just measured), ` +
    `and took ${TIMES_NATIVE} times the native engine's time where both were measured`
  );
}

/** Milliseconds of one step of D, G1 and G2 of the MNIST preset in this process. */
async function measureStep(): Promise<number> {
  const engine = await loadEngine({ name: 'wasm' });
  const play = (batch: number): number => {
    const config = trainingConfigSchema.parse({ batch });
    const game = newGame(engine, config, SAMPLE);
    const x = normals(randomStream(1, 'engine-speed'), batch * SAMPLE.reduce((a, b) => a * b, 1));
    const begun = performance.now();
    playStep(game, x, latents(1, 1, batch, config.latent));
    const milliseconds = performance.now() - begun;
    for (const { state } of [game.discriminator, ...game.generators]) state[Symbol.dispose]();
    return milliseconds;
  };
  play(WARM_UP_BATCH);
  return play(trainingConfigSchema.parse({}).batch);
}
