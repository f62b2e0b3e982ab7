/** `coordinator engine`, and the preparation that every start passes through. */
import { availableParallelism } from 'node:os';
import { Presets, SingleBar } from 'cli-progress';
import type { ExitCode } from '../../common/run-command.js';
import { type NvidiaCard, chooseFlavour, detectNvidiaCards, visibleCards } from '../../gan/engine/cards.js';
import { loadEngine } from '../../gan/engine/index.js';
import { findPreparedEngine, prepareEngine } from '../../gan/engine/prepare/index.js';
import type { Flavour, PreparedEngine } from '../../gan/engine/prepare/prepared.js';

interface EngineFlags {
  device: 'auto' | 'cuda' | 'cpu';
  rebuild?: true;
}

export async function engineCommand({ device, rebuild }: EngineFlags): Promise<ExitCode> {
  const cards = await usableCards(device);
  const flavour = chooseFlavour(device, cards.length);
  const prepared = await prepareWithProgress(flavour, rebuild === true);
  const threads = availableParallelism();
  const { description } = loadEngine({ prepared, threads, device: flavour, quiet: true });
  const lines = [
    `engine      ${description.name} ${description.version} (tfjs-node, ${flavour} build)`,
    `device      ${description.device}${cards.map((card) => `\n            ${card.index}: ${card.name}, ${card.memory} MiB`).join('')}`,
    `threads     ${threads} here; a run divides them among its local workers`,
    `folder      ${prepared.directory}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** Cards that local workers may use; none when the CPU is asked for. @throws UsageError when one is demanded in vain */
export async function usableCards(device: 'auto' | 'cuda' | 'cpu'): Promise<NvidiaCard[]> {
  const cards = device === 'cpu' ? [] : visibleCards(await detectNvidiaCards(process.env), process.env);
  chooseFlavour(device, cards.length);
  return cards;
}

export async function prepareWithProgress(flavour: Flavour, rebuild = false): Promise<PreparedEngine> {
  const ready = rebuild ? undefined : findPreparedEngine({ flavour, env: process.env });
  if (ready !== undefined) return ready;
  const output = process.stderr;
  output.write('preparing the native engine, once on this machine (about a minute and 0.9 GB)\n');
  const bar = output.isTTY
    ? new SingleBar(
        { format: '{bar} {percentage}%  {text}', barsize: 20, stream: output, hideCursor: true },
        Presets.shades_classic,
      )
    : undefined;
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt);
  let shown = '';
  bar?.start(100, 0, { text: '' });
  try {
    return await prepareEngine({
      flavour,
      env: process.env,
      rebuild,
      signal: abort.signal,
      onProgress({ phase, fraction, detail }) {
        bar?.update(Math.floor((fraction ?? 1) * 100), { text: `${phase}: ${detail}` });
        if (bar === undefined && shown !== phase) output.write(`${phase}: ${detail}\n`);
        shown = phase;
      },
    });
  } finally {
    bar?.stop();
    process.off('SIGINT', interrupt);
  }
}
