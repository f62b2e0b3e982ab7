/** Prepares and loads the engine that a job asks for, on the device that this process was given. */
import { EngineError, openEnded } from '../common/errors.js';
import type { Log } from '../common/log/log.js';
import { chooseFlavour, detectNvidiaCards, visibleCards } from '../gan/engine/cards.js';
import { type Engine, loadEngine } from '../gan/engine/index.js';
import { prepareEngine } from '../gan/engine/prepare/index.js';
import type { Job } from './assignment.js';

/**
 * wasm has nothing to prepare. Nothing falls back here: all workers of a run have the engine that its coordinator chose.
 *
 * @throws UsageError when a card was demanded and is not usable, EngineError when the engine cannot be prepared
 */
export async function prepareAndLoad({ engine, threads }: Job, log: Log): Promise<Engine> {
  if (engine.name === 'wasm') return await loadEngine({ name: 'wasm' });
  const { env } = process;
  const cards = engine.device === 'cpu' ? [] : visibleCards(await detectNvidiaCards(env), env);
  const flavour = chooseFlavour(engine.device, cards.length);
  let told = '';
  const prepared = await prepareEngine({
    flavour,
    env,
    onProgress: ({ phase, detail }) => {
      log(phase === told ? 'trace' : 'info', 'engine-prepared', `engine: ${phase} ${detail}`, { phase, detail });
      told = phase;
    },
  }).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
    const other = 'or start the run with --engine wasm, and its workers need nothing but Node';
    throw new EngineError(`${openEnded(error.message)}; ${other}`, { cause: error });
  });
  return await loadEngine({ name: engine.name, prepared, threads, device: flavour });
}
