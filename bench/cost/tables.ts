/** From measured pairs to the tables of `bench cost`. */
import { median, medianRatio, table } from '../statistics.js';
import type { Pair } from './ledger.js';
import type { Sweep } from './sweep.js';

const TITLES: Readonly<Record<Sweep, string>> = {
  batch: 'batch',
  image: 'px',
  width: 'width',
  generators: 'generators',
};
const FAILED = 'failed';

export interface Row {
  value: number;
  pairs: readonly Pair[];
}

/** The table of what grows by that, and under it why a measurement failed. */
export function costTable(by: Sweep, rows: readonly Row[]): string {
  const onCard = rows.some(({ pairs }) => pairs.some(({ transfers }) => transfers !== undefined));
  const header = [
    TITLES[by],
    ...['Duet ms', 'gloo ms', 'ratio', 'one process ms', 'ratio', 'steps/s', 'ideal', 'of ideal'],
    ...(by === 'generators' ? ["D's share"] : []),
    ...(onCard ? ['upload MiB', 'readback MiB'] : []),
  ];
  const cells = rows.map(({ value, pairs }) => [
    String(value),
    ...rowOf(pairs),
    ...(by === 'generators' ? [ofDuet(pairs, ({ ms, discriminatorMs }) => discriminatorMs / ms, percent)] : []),
    ...(onCard ? (['upload', 'readback'] as const).map((way) => mebibytes(pairs[0]?.transfers?.[way])) : []),
  ]);
  return [table(header, cells), ...rows.flatMap(({ value, pairs }) => failures(`${TITLES[by]} ${value}`, pairs))].join(
    '\n',
  );
}

/** Duet, its two peers each with the median of the pairs' ratios, steps a second and those of the longest chain. */
function rowOf(pairs: readonly Pair[]): string[] {
  const ms = (form: 'duet' | 'gloo' | 'one') =>
    pairs.map((pair) => (FAILED in pair[form] ? Number.NaN : pair[form].ms));
  const [duet, gloo, one] = [ms('duet'), ms('gloo'), ms('one')];
  return [
    measured(duet, fixed(1)),
    measured(gloo, fixed(1)),
    ratio(duet, gloo),
    measured(one, fixed(1)),
    ratio(duet, one),
    ofDuet(pairs, ({ ms }) => ms, perSecond),
    ofDuet(pairs, ({ chainMs }) => chainMs, perSecond),
    ofDuet(pairs, (each) => each.chainMs / each.ms, percent),
  ];
}

type Measured = Exclude<Pair['duet'], { failed: string }>;

function ofDuet(pairs: readonly Pair[], value: (duet: Measured) => number, text: (value: number) => string): string {
  const values = pairs
    .map(({ duet }) => (FAILED in duet ? Number.NaN : value(duet)))
    .filter((each) => !Number.isNaN(each));
  return values.length === 0 ? '' : text(median(values));
}

function measured(values: readonly number[], text: (value: number) => string): string {
  const good = values.filter((value) => !Number.isNaN(value));
  return good.length === 0 ? FAILED : text(median(good));
}

function ratio(values: readonly number[], peers: readonly number[]): string {
  const middle = medianRatio(values, peers);
  return Number.isNaN(middle) ? '' : middle.toFixed(2);
}

const NAMES = { duet: 'Duet', gloo: 'PyTorch gloo', one: 'PyTorch, one process' } as const;

function failures(what: string, pairs: readonly Pair[]): string[] {
  return (['duet', 'gloo', 'one'] as const).flatMap((form) => {
    const reasons = new Set(pairs.flatMap((pair) => (FAILED in pair[form] ? [pair[form].failed] : [])));
    return [...reasons].map((reason) => `${what}: ${NAMES[form]} failed: ${reason}`);
  });
}

function fixed(digits: number): (value: number) => string {
  return (value) => value.toFixed(digits);
}

function perSecond(ms: number): string {
  return (1000 / ms).toFixed(2);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 2 ** 20).toFixed(1);
}
