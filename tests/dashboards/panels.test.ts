import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { QUALITY_LIMITS } from '../../coordinator/training/rules/quality-rules.js';
import { STEP_LIMITS } from '../../coordinator/training/rules/step-rules.js';
import { RUN_STATES as STATES, WORKER_STATES as READINESS } from '../../coordinator/view/run-view.js';
import { dashboards } from '../../dashboards/all.js';
import type { Dashboard, Panel } from '../../dashboards/classic.js';
import { gpuPanels, panelsOf } from '../../dashboards/expressions.js';
import { RUN_STATES, WORKER_STATES } from '../../dashboards/states.js';

const all = dashboards();
const panels = all.flatMap((dashboard) => panelsOf(dashboard).map((panel) => ({ dashboard, panel })));
const name = ({ dashboard, panel }: { dashboard: Dashboard; panel: Panel }) => `${dashboard.uid}: ${panel.title}`;

test('there are three dashboards, each with panels in every row', () => {
  assert.deepEqual(
    all.map(({ uid }) => uid),
    ['duet-stability', 'duet-throughput', 'duet-cluster'],
  );
  for (const { panels: list = [] } of all) {
    for (const [index, panel] of list.entries()) {
      if (panel.type === 'row') assert.notEqual(list[index + 1]?.type ?? 'row', 'row', panel.title);
    }
  }
});

test('every panel says what it shows, in what unit, and has a title and an id of its own', () => {
  for (const one of panels) {
    const { panel } = one;
    assert.ok((panel.description ?? '').length >= 60, `${name(one)} has no description to speak of`);
    assert.ok(panel.fieldConfig?.defaults.unit, `${name(one)} has no unit`);
    assert.ok((panel.targets ?? []).length > 0, `${name(one)} asks for nothing`);
  }
  for (const dashboard of all) {
    const titles = panelsOf(dashboard).map(({ title }) => title);
    assert.deepEqual(titles, [...new Set(titles)], dashboard.uid);
    const ids = (dashboard.panels ?? []).map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)], dashboard.uid);
    assert.ok(ids.every((id) => id !== undefined && id > 0));
  }
});

test('no two panels overlap, and none leaves the grid of 24', () => {
  for (const { uid, panels: list = [] } of all) {
    const taken = new Map<string, string>();
    for (const { title = '', gridPos } of list) {
      assert.ok(gridPos, `${uid}: ${title} has no place`);
      const { x, y, w, h } = gridPos;
      assert.ok(w > 0 && h > 0 && x >= 0 && x + w <= 24, `${uid}: ${title} at ${x}, ${w} wide`);
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          const there = taken.get(`${row} ${column}`);
          assert.equal(there, undefined, `${uid}: ${title} lies on ${there}`);
          taken.set(`${row} ${column}`, title);
        }
      }
    }
  }
});

test("everything asks the data source of the dashboard's variable, and queries of a panel have names of their own", () => {
  const wanted = { type: 'prometheus', uid: '${datasource}' };
  for (const one of panels) {
    assert.deepEqual(one.panel.datasource, wanted, name(one));
    const targets = (one.panel.targets ?? []) as { datasource?: unknown; refId?: string }[];
    for (const { datasource } of targets) assert.deepEqual(datasource, wanted, name(one));
    const refs = targets.map(({ refId }) => refId);
    assert.deepEqual(refs, [...new Set(refs)], name(one));
  }
  for (const { annotations, templating } of all) {
    for (const { datasource } of annotations.list ?? []) assert.deepEqual(datasource, wanted);
    assert.deepEqual(
      templating.list?.map(({ name, type }) => [name, type]),
      [
        ['datasource', 'datasource'],
        ['run', 'query'],
        ['role', 'query'],
      ],
    );
  }
});

test('the three link to each other by their tag, with time and variables', () => {
  for (const { tags, links = [] } of all) {
    assert.deepEqual(tags, ['duet']);
    assert.equal(links.length, 1);
    const [link] = links;
    assert.deepEqual([link?.type, link?.tags, link?.keepTime, link?.includeVars], ['dashboards', ['duet'], true, true]);
  }
});

test('the lines of limits are those at which the rules of stability speak', () => {
  const limitsOf = (title: string) =>
    panels
      .find(({ panel }) => panel.title === title)
      ?.panel.fieldConfig?.defaults.thresholds?.steps.flatMap(({ value }) => value ?? []);
  assert.deepEqual(limitsOf('D(x) and D(G(z))'), [STEP_LIMITS.tooStrong]);
  assert.deepEqual(limitsOf('Gradient norms'), [STEP_LIMITS.exploding]);
  assert.deepEqual(limitsOf('Sample diversity'), [STEP_LIMITS.diversity]);
  assert.deepEqual(limitsOf('Class entropy'), [QUALITY_LIMITS.classEntropy]);
});

test('the timelines know every state that there is', () => {
  assert.deepEqual(
    RUN_STATES.map(([state]) => state),
    [...STATES],
  );
  assert.deepEqual(
    WORKER_STATES.map(([state]) => state),
    [...READINESS],
  );
});

test('the panels that need a GPU are these three', () => {
  assert.deepEqual(gpuPanels(), [
    { dashboard: 'duet-throughput', panel: 'GPU utilisation' },
    { dashboard: 'duet-throughput', panel: 'GPU memory used' },
    { dashboard: 'duet-throughput', panel: 'GPU memory share' },
  ]);
});

test('docs/dashboards.md counts the panels and names those that need a GPU', () => {
  const docs = readFileSync(new URL('../../../docs/dashboards.md', import.meta.url), 'utf8');
  for (const dashboard of all) {
    assert.match(docs, new RegExp(`\\| \`${dashboard.uid}\` \\| ${panelsOf(dashboard).length} \\|`));
  }
  for (const { panel } of gpuPanels()) assert.ok(docs.includes(`**${panel}**`), panel);
});
