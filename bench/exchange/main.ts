/** `bench exchange`: a tensor there and back between two processes, compute thread to compute thread. */
import { fileURLToPath } from 'node:url';
import { DuetError, UsageError } from '../../common/errors.js';
import { WIRE_DTYPES } from '../../common/tensors/wire-values.js';
import { Relay } from '../../worker/faults/relay.js';
import { startLines } from '../processes.js';
import { median, percentile, table } from '../statistics.js';
import type { End, Report } from './end.js';

const END = fileURLToPath(new URL('./end-main.js', import.meta.url));
const WARM_UP = 30;
const TIMEOUT_MS = 120_000;
/** Float32 values of one tensor. */
const TENSORS = {
  'one value': 1,
  'MNIST, batch 64 (196 KiB)': 64 * 28 * 28,
  'MNIST, batch 512 (1.5 MiB)': 512 * 28 * 28,
  '64 x 64 RGB, batch 64 (3 MiB)': 64 * 64 * 64 * 3,
} as const;

interface ExchangeOptions {
  rounds: number;
  /** That a relay holds everything, each way; 0: no relay. */
  delayMs: number;
  dtype: string;
}

type Done = Extract<Report, { kind: 'done' }>;

export async function measureExchange({ rounds, delayMs, dtype: name }: ExchangeOptions): Promise<void> {
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds takes a whole number from 1 on');
  if (!(delayMs >= 0)) throw new UsageError('--delay takes milliseconds from 0 on');
  const dtype = WIRE_DTYPES.find((each) => each === name);
  if (dtype === undefined) throw new UsageError(`--dtype takes one of ${WIRE_DTYPES.join(', ')}, not '${name}'`);
  const rows: string[][] = [];
  for (const [tensor, values] of Object.entries(TENSORS)) {
    process.stderr.write(`${tensor}\n`);
    const { generator, discriminator } = await roundTrips({ values, dtype, rounds, warmUp: WARM_UP }, delayMs);
    const { times } = generator;
    rows.push([
      tensor,
      ...[median(times), percentile(times, 0.99)].map((ms) => ms.toFixed(2)),
      ...[generator, discriminator].map(({ processorMs }) => (processorMs / rounds).toFixed(2)),
    ]);
  }
  const line = delayMs === 0 ? 'loopback' : `a line of ${delayMs} ms each way`;
  process.stdout.write(
    `\nA tensor there and back, two processes, as ${dtype}, ${line}, ${rounds} round trips\n\n${table(
      ['ms a round trip', 'median', '99th percentile', 'processor, generator', 'processor, discriminator'],
      rows,
    )}\n`,
  );
}

async function roundTrips(
  measured: Omit<End, 'role' | 'address'>,
  delayMs: number,
): Promise<{ generator: Done; discriminator: Done }> {
  const end = (role: End['role'], address: string) => {
    const told: End = { role, address, ...measured };
    return startLines(process.execPath, [END, JSON.stringify(told)], TIMEOUT_MS);
  };
  await using relay = delayMs === 0 ? undefined : await Relay.open();
  using discriminator = end('discriminator', '');
  const { address } = await reported(discriminator.lines, 'listening');
  relay?.aim(address);
  relay?.delay(delayMs, 0);
  using generator = end('generator', relay?.address ?? address);
  const done = await reported(generator.lines, 'done');
  return { generator: done, discriminator: await reported(discriminator.lines, 'done') };
}

async function reported<K extends Report['kind']>(
  lines: AsyncIterator<string>,
  kind: K,
): Promise<Extract<Report, { kind: K }>> {
  const next = await lines.next();
  if (next.done === true) throw new DuetError(`an end of the exchange ended before it was ${kind}`);
  const report = JSON.parse(next.value) as Report;
  if (report.kind !== kind) throw new DuetError(`an end of the exchange said it was ${report.kind}, not ${kind}`);
  return report as Extract<Report, { kind: K }>;
}
