/** `bench tls`: what mutual TLS costs of a step of the MNIST preset. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trustArgs } from '../common/trust/files.js';
import { makeAuthority, secretFolder } from '../tests/support/wire/certificates.js';
import { assertCounts } from './counts.js';
import { medianMs, threeWorkers } from './duet.js';
import { median, table } from './statistics.js';

export async function measureTls({ pairs, steps }: { pairs: number; steps: number }): Promise<void> {
  assertCounts({ pairs, steps });
  const folder = mkdtempSync(join(tmpdir(), 'duet-bench-tls-'));
  try {
    const authority = await makeAuthority();
    const flags = trustArgs(secretFolder(folder, await authority.issue('bench'), authority.pem));
    const [plain, secure]: [number[], number[]] = [[], []];
    for (let pair = 1; pair <= pairs; pair += 1) {
      process.stderr.write(`pair ${pair} of ${pairs}\n`);
      plain.push(medianMs(await threeWorkers(steps)));
      secure.push(medianMs(await threeWorkers(steps, undefined, flags)));
    }
    const row = (name: string, ms: readonly number[]) => [
      name,
      median(ms).toFixed(1),
      `${Math.min(...ms).toFixed(1)} to ${Math.max(...ms).toFixed(1)}`,
    ];
    const ratio = median(secure.map((ms, i) => ms / (plain[i] ?? Number.NaN)));
    process.stdout.write(
      `\n${table(
        [`three workers, median of ${pairs} alternating runs`, 'ms a step', 'range'],
        [row('without TLS', plain), row('mutual TLS', secure), ['ratio, median of the pairs', ratio.toFixed(3), '']],
      )}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
