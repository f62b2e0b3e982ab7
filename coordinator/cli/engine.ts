/** `coordinator engine`: prepares the native engine, and describes it. */
import { availableParallelism } from 'node:os';
import type { DeviceChoice } from '../../common/engine-choice.js';
import { EngineError, openEnded } from '../../common/errors.js';
import type { ExitCode } from '../../common/process/run-command.js';
import { chooseFlavour } from '../../gan/engine/cards.js';
import { loadEngine } from '../../gan/engine/index.js';
import { prepareWithProgress, usableCards } from '../engines/prepare-with-progress.js';

interface EngineFlags {
  device: DeviceChoice;
  rebuild?: true;
}

/** @throws EngineError when it cannot be prepared */
export async function engineCommand({ device, rebuild }: EngineFlags): Promise<ExitCode> {
  const cards = await usableCards(device);
  const flavour = chooseFlavour(device, cards.length);
  const prepared = await prepareWithProgress(flavour, { rebuild: rebuild === true }).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(
      `${openEnded(error.message)}. Until then runs use the wasm engine, which needs nothing and is slower (docs/engines.md)`,
      { cause: error },
    );
  });
  const threads = availableParallelism();
  const { description } = await loadEngine({ name: 'tensorflow', prepared, threads, device: flavour, quiet: true });
  const lines = [
    `engine      ${description.name} ${description.version} (tfjs-node, ${flavour} build)`,
    `device      ${description.device}${cards.map((card) => `\n            ${card.index}: ${card.name}, ${card.memory} MiB`).join('')}`,
    `threads     ${threads} here; a run divides them among its local workers`,
    `folder      ${prepared.directory}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
