/** Prepares and loads the engine that a job asks for, on the device that this process was given. */
import { chooseFlavour, detectNvidiaCards, visibleCards } from '../gan/engine/cards.js';
import { type Engine, loadEngine } from '../gan/engine/index.js';
import { prepareEngine } from '../gan/engine/prepare/index.js';
import type { Job } from './assignment.js';

/** @throws UsageError when a card was demanded and is not usable, EngineError when the engine cannot be prepared */
export async function prepareAndLoad({ engine, threads }: Job): Promise<Engine> {
  const { env } = process;
  const cards = engine.device === 'cpu' ? [] : visibleCards(await detectNvidiaCards(env), env);
  const flavour = chooseFlavour(engine.device, cards.length);
  const prepared = await prepareEngine({
    flavour,
    env,
    onProgress: ({ phase, detail }) => process.stderr.write(`engine: ${phase} ${detail}\n`),
  });
  return loadEngine({ prepared, threads, device: flavour });
}
