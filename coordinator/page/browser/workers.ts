/** Who computes what: a row a role, and a spare. */
import type { RunView, WorkerView } from '../../view/run-view.js';
import { variableOf } from './colours.js';
import { byId, element, setAttribute, setText, shape } from './dom.js';
import { bytes, colourName, milliseconds } from './format.js';

const COLUMNS = ['Role', 'State', 'Device', 'Phase', 'Heartbeat', 'Memory', 'Worker'] as const;
const NUMBERS: readonly string[] = ['Heartbeat', 'Memory'];
/** A phase of a step is over before it can be read; one that lasts is worth a figure. */
const LONG_MS = 1000;
/** Heartbeats come twice a second. */
const LATE_MS = 5000;

export function showWorkers({ workers, live }: RunView): void {
  const empty = byId('workers-empty');
  empty.hidden = workers.length > 0;
  byId('workers').hidden = workers.length === 0;
  setText(
    empty,
    live
      ? 'Its coordinator cannot be asked about its workers from here.'
      : 'Nobody drives this run now: it has no workers.',
  );
  const body = byId('workers-rows');
  while (body.children.length > workers.length) body.lastElementChild?.remove();
  for (const [i, worker] of workers.entries()) {
    const row = body.children[i] ?? body.appendChild(newRow());
    fill(row, worker);
  }
}

function newRow(): HTMLElement {
  const cells = COLUMNS.map((name) => {
    const isHead = name === 'Role';
    return element(isHead ? 'th' : 'td', {
      role: isHead ? 'rowheader' : 'cell',
      'data-name': name,
      ...(isHead ? { scope: 'row' } : {}),
      ...(NUMBERS.includes(name) ? { class: 'number' } : {}),
    });
  });
  cells[0]?.append(element('span', { class: 'swatch area', 'aria-hidden': 'true' }), element('span'));
  cells[1]?.append(shape('ready'), element('span'));
  return element('tr', { role: 'row' }, ...cells);
}

function fill(row: Element, worker: WorkerView): void {
  const { role, state, device, engine, phase, phaseMs, heartbeatMs, residentBytes } = worker;
  const cell = (name: (typeof COLUMNS)[number]) => row.children[COLUMNS.indexOf(name)] as HTMLElement;
  const [swatch, roleText] = cell('Role').children as unknown as [HTMLElement, HTMLElement];
  swatch.style.setProperty('--colour', role === '' ? 'transparent' : `var(${variableOf(colourName(role))})`);
  setText(roleText, role === '' ? 'spare' : role);
  setAttribute(row, 'data-state', state);
  const [svg, stateText] = cell('State').children as unknown as [SVGElement, HTMLElement];
  if (svg.firstElementChild) setAttribute(svg.firstElementChild, 'href', `#shape-${state}`);
  setText(stateText, state);
  const isThere = state !== 'missing';
  setText(cell('Device'), device === '' ? '–' : device);
  setAttribute(cell('Device'), 'title', engine);
  setText(
    cell('Phase'),
    isThere && phase !== '' ? `${phase}${phaseMs < LONG_MS ? '' : `, ${milliseconds(phaseMs)}`}` : '–',
  );
  const isLate = isThere && heartbeatMs > LATE_MS;
  setText(cell('Heartbeat'), isThere ? `${milliseconds(heartbeatMs)}${isLate ? ', late' : ''}` : '–');
  setAttribute(cell('Heartbeat'), 'data-late', String(isLate));
  setText(cell('Memory'), bytes(residentBytes));
  setText(cell('Worker'), worker.worker === '' ? '–' : worker.worker);
}
