/** `coordinator features`, and the feature network that every evaluation of images needs. */
import { Presets, SingleBar } from 'cli-progress';
import type { ExitCode } from '../../common/process/run-command.js';
import type { Engine } from '../../gan/engine/index.js';
import { cacheFolder } from '../../gan/engine/prepare/prepared.js';
import type { FeatureNetwork } from '../../gan/metrics/feature-network.js';
import { featuresFolder, findFeatures, prepareFeatures } from '../../gan/metrics/feature-store.js';
import { bestEngine } from '../engines/beside.js';

const LINE_EVERY_MS = 5000;

export async function featuresCommand({ rebuild }: { rebuild?: true }): Promise<ExitCode> {
  const engine = await bestEngine();
  using features = await featuresWithProgress(engine, rebuild === true);
  const lines = [
    `features       mnist-cnn ${features.sha256}`,
    `test accuracy  ${(100 * features.testAccuracy).toFixed(2)} % of 10,000 digits`,
    `folder         ${featuresFolder(cacheFolder(process.env), engine)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** Trained on first use, with a progress bar, or lines where there is no terminal. @throws UsageError when it is damaged */
export async function featuresWithProgress(engine: Engine, rebuild = false): Promise<FeatureNetwork> {
  const cache = cacheFolder(process.env);
  const ready = rebuild ? undefined : findFeatures(engine, cache);
  if (ready !== undefined) return ready;
  const output = process.stderr;
  output.write('training the feature network on the MNIST digits, once on this machine (about a minute)\n');
  const bar = output.isTTY
    ? new SingleBar(
        { format: '{bar} {percentage}%  loss {loss}', barsize: 20, stream: output, hideCursor: true, fps: 5 },
        Presets.shades_classic,
      )
    : undefined;
  let lastLine = performance.now();
  let started = false;
  try {
    return await prepareFeatures(engine, {
      cache,
      rebuild,
      waiting: () => void output.write('another process is training it: waiting\n'),
      onProgress(done, total, loss) {
        const shown = { loss: loss.toFixed(4) };
        if (!started) bar?.start(total, done, shown);
        started = true;
        bar?.update(done, shown);
        if (bar !== undefined) return;
        if (performance.now() - lastLine < LINE_EVERY_MS && done < total) return;
        lastLine = performance.now();
        output.write(`update ${done}/${total}  loss ${shown.loss}\n`);
      },
    });
  } finally {
    bar?.stop();
  }
}
