/** A step as bars on one axis of time: a row for each role and phase, and for each word between two processes. */
import { COORDINATOR, type Crossing } from './crossings.js';
import { waits } from './costs.js';
import { type Phase, type ProfiledRun, type Span, type Step, overlap, sum } from './profiled-run.js';

export const COLUMNS = 80;
const LEGEND = '# in the engine   - JavaScript   . waits   > on its way';

/** What a row is doing, and the sign for it. */
type Bar = Span & { sign: '#' | '-' | '.' | '>' };

interface Row {
  title: string;
  name: string;
  bars: Bar[];
}

export function timeline(run: ProfiledRun, step: Step): string[] {
  const rows = [coordinatorRow(run, step), ...workerRows(run, step), ...crossingRows(run)].flatMap((row) => {
    const bars = row.bars.filter((bar) => overlap(bar, step) > 0);
    return bars.length === 0 ? [] : [{ ...row, bars }];
  });
  const titles = Math.max(...rows.map(({ title }) => title.length));
  const names = Math.max(...rows.map(({ name }) => name.length));
  const label = (title: string, name: string) => `${title.padEnd(titles)}  ${name.padEnd(names)}`;
  const end = `${(step.to - step.from).toFixed(1)} ms`;
  const axis = `0${end.padStart(COLUMNS - 1)}`;
  const lines = rows.map(({ title, name, bars }, i) => {
    const first = Math.min(...bars.map(({ from }) => Math.max(0, from - step.from)));
    const length = sum(bars.map((bar) => overlap(bar, step)));
    const shown = rows[i - 1]?.title === title ? '' : title;
    return `${label(shown, name)} |${drawn(bars, step)}| ${first.toFixed(1).padStart(7)} ${length.toFixed(1).padStart(7)}`;
  });
  return [
    `${label('', '')} |${axis}| ${'from'.padStart(7)} ${'ms'.padStart(7)}`,
    ...lines,
    '',
    `${label('', '')}  ${LEGEND}`,
  ];
}

function coordinatorRow({ crossings }: ProfiledRun, step: Step): Row {
  const votes = crossings.filter((crossing) => crossing.kind === 'vote' && crossing.step === step.step);
  const from = Math.max(...votes.map(({ arrived }) => arrived));
  return { title: COORDINATOR, name: 'last vote to commit', bars: [{ from, to: step.to, sign: '-' }] };
}

function workerRows({ workers }: ProfiledRun, step: Step): Row[] {
  return workers.flatMap(({ role, phases }) => {
    const within = phases.filter((phase) => overlap(phase, step) > 0);
    return [...new Set(within.map(({ name }) => name))].map((name) => ({
      title: role,
      name,
      bars: within.filter((phase) => phase.name === name).flatMap(phaseBars),
    }));
  });
}

/** A phase's calls of the engine, and what is between them. */
function phaseBars({ name, from, to, calls }: Phase): Bar[] {
  const sign = waits(name) ? '.' : '-';
  const bars: Bar[] = [];
  let at = from;
  for (const call of calls) {
    bars.push({ from: at, to: call.from, sign }, { from: call.from, to: call.to, sign: '#' });
    at = call.to;
  }
  return [...bars, { from: at, to, sign }];
}

/** On its way until it is there, then perhaps waiting until it is taken. */
function crossingRows({ crossings }: ProfiledRun): Row[] {
  const title = ({ from, to }: Crossing) => `${from} -> ${to}`;
  const keys = [...new Set(crossings.map((crossing) => `${title(crossing)}|${crossing.kind}`))];
  return keys.sort(byOrder).map((key) => {
    const of = crossings.filter((crossing) => `${title(crossing)}|${crossing.kind}` === key);
    const [way = '', name = ''] = key.split('|');
    const bars = of.flatMap(({ sent, arrived, taken }): Bar[] => [
      { from: sent, to: arrived, sign: '>' },
      { from: arrived, to: taken, sign: '.' },
    ]);
    return { title: way, name, bars };
  });
}

/** The order in which they come in a step. */
const ORDER: readonly string[] = ['commit', 'fakes', 'judgement', 'vote'];

function byOrder(a: string, b: string): number {
  const place = (key: string) => ORDER.indexOf(key.split('|')[1] ?? '');
  return place(a) - place(b) || (a < b ? -1 : 1);
}

/** In each column what takes most of it; what is shorter than a column still shows where nothing else is. */
function drawn(bars: readonly Bar[], step: Step): string {
  const width = (step.to - step.from) / COLUMNS;
  return Array.from({ length: COLUMNS }, (_, i) => {
    const column = { from: step.from + i * width, to: step.from + (i + 1) * width };
    const shares = new Map<string, number>();
    for (const bar of bars) shares.set(bar.sign, (shares.get(bar.sign) ?? 0) + overlap(bar, column));
    const [sign, share] = [...shares].reduce<[string, number]>(
      (most, each) => (each[1] > most[1] ? each : most),
      [' ', 0],
    );
    return share > 0 ? sign : ' ';
  }).join('');
}
