/** A step's costs as text: its timeline, then where the time goes, what is moved, and the chain that makes up its length. */
import { table } from '../statistics.js';
import { moved, phaseCosts, waits } from './costs.js';
import { type Link, criticalPath } from './critical-path.js';
import { type ProfiledRun, type Step, sum } from './profiled-run.js';
import { timeline } from './timeline.js';

/** Of a phase, those that take most. */
const MOST_CALLS = 5;

export function report(run: ProfiledRun, step: Step): string {
  return [timeline(run, step).join('\n'), costTable(run, step), movedTable(run, step), pathTable(run, step)].join(
    '\n\n',
  );
}

function costTable(run: ProfiledRun, step: Step): string {
  const rows = phaseCosts(run, step).flatMap(({ role, phase, ms, rest, delay, calls }) => {
    const row = (name: string, count: string, part: number) => [
      `  ${name}`,
      count,
      number(part),
      percent(part, ms),
      '',
      '',
    ];
    const others = calls.slice(MOST_CALLS);
    const count = String(sum(others.map((call) => call.count)));
    const rowsOfCalls = [
      ...calls.slice(0, MOST_CALLS).map((call) => row(call.label, String(call.count), call.ms)),
      ...(others.length > 0 ? [row(`${others.length} others`, count, sum(others.map((call) => call.ms)))] : []),
      row(waits(phase) ? 'waiting' : 'JavaScript', '', rest),
    ];
    const share = percent(ms, step.to - step.from);
    const without = delay === undefined ? '' : number(delay);
    return [[`${role}, ${phase}`, '', number(ms), '', share, without], ...(calls.length > 0 ? rowsOfCalls : [])];
  });
  return table(['Where the time goes', 'count', 'ms', 'of the phase', 'of the step', 'no processor'], rows);
}

function movedTable(run: ProfiledRun, step: Step): string {
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  const rows = moved(run, step).map(({ role, uploads, uploadedBytes, uploadMs, reads, readBytes, readMs }) => [
    ...[role, String(uploads), kib(uploadedBytes), number(uploadMs)],
    ...[String(reads), kib(readBytes), number(readMs)],
  ]);
  return table(['Moved in the step', 'uploads', 'KiB', 'ms', 'reads', 'KiB', 'ms'], rows);
}

function pathTable(run: ProfiledRun, step: Step): string {
  const links = criticalPath(run, step);
  const length = step.to - step.from;
  const rows = links.map((link) => {
    const ms = link.to - link.from;
    const engine = link.kind === 'phase' ? number(link.engine) : '';
    return [titleOf(link), number(link.from - step.from), number(ms), percent(ms, length), engine];
  });
  const total = (kind: Link['kind']) =>
    sum(links.filter((link) => link.kind === kind).map(({ from, to }) => to - from));
  const engine = sum(links.map((link) => (link.kind === 'phase' ? link.engine : 0)));
  const share = (name: string, ms: number, inside = '') => [name, '', number(ms), percent(ms, length), inside];
  const columns = table(
    ['The chain that makes up the step', 'from', 'ms', 'of the step', 'in the engine'],
    [
      ...rows,
      ['', '', '', '', ''],
      share('phases', total('phase'), number(engine)),
      share('on the way between processes', total('crossing')),
      share('coordinator', total('decision')),
      share('all', sum(links.map(({ from, to }) => to - from))),
    ],
  );
  return `${columns}\n(In brackets: to the sender's network thread + on the wire + until it is taken.)`;
}

function titleOf(link: Link): string {
  switch (link.kind) {
    case 'phase':
      return `${link.role}, ${link.phase}`;
    case 'decision':
      return 'coordinator, last vote to commit';
    case 'crossing': {
      const { kind, from, to, sent, left, arrived, taken } = link.crossing;
      const parts = [left - sent, arrived - left, taken - arrived].map((ms) => ms.toFixed(2));
      return `  ${kind}, ${from} -> ${to} (${parts.join(' + ')})`;
    }
  }
}

function number(ms: number): string {
  return ms.toFixed(2);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
