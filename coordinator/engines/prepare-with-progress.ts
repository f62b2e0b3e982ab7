/** The preparation of the native engine that a command waits for, shown on stderr while it lasts. */
import { Presets, SingleBar } from 'cli-progress';
import type { DeviceChoice } from '../../common/engine-choice.js';
import { onStopSignals } from '../../common/process/stop-signals.js';
import { type NvidiaCard, chooseFlavour, detectNvidiaCards, visibleCards } from '../../gan/engine/cards.js';
import { type PrepareProgress, findPreparedEngine, prepareEngine } from '../../gan/engine/prepare/index.js';
import type { Flavour, PreparedEngine } from '../../gan/engine/prepare/prepared.js';

export interface Preparation {
  /** Prepare it anew even if it is there. */
  rebuild?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** Cards that local workers may use; none when the CPU is asked for. @throws UsageError when one is demanded in vain */
export async function usableCards(device: DeviceChoice): Promise<NvidiaCard[]> {
  const cards = device === 'cpu' ? [] : visibleCards(await detectNvidiaCards(process.env), process.env);
  chooseFlavour(device, cards.length);
  return cards;
}

/** @throws EngineError as `prepareEngine` does, before anything is shown where the machine lacks what it takes */
export async function prepareWithProgress(
  flavour: Flavour,
  { rebuild = false, env = process.env }: Preparation = {},
): Promise<PreparedEngine> {
  const ready = rebuild ? undefined : findPreparedEngine({ flavour, env });
  if (ready !== undefined) return ready;
  using progress = progressOn(process.stderr);
  const abort = new AbortController();
  using _signals = onStopSignals(() => abort.abort());
  return await prepareEngine({ flavour, env, rebuild, signal: abort.signal, onProgress: progress.show });
}

/** A bar on a terminal; elsewhere a line for each phase. */
function progressOn(output: NodeJS.WriteStream): Disposable & { show(progress: PrepareProgress): void } {
  const bar = output.isTTY
    ? new SingleBar(
        { format: '{bar} {percentage}%  {text}', barsize: 20, stream: output, hideCursor: true },
        Presets.shades_classic,
      )
    : undefined;
  let shown = '';
  return {
    show({ phase, fraction, detail }) {
      if (shown === '') {
        output.write('preparing the native engine, once on this machine (about a minute and 0.9 GB)\n');
        bar?.start(100, 0, { text: '' });
      }
      bar?.update(Math.floor((fraction ?? 1) * 100), { text: `${phase}: ${detail}` });
      if (bar === undefined && shown !== phase) output.write(`${phase}: ${detail}\n`);
      shown = phase;
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}
