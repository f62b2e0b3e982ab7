import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { ALL_METRICS, type MetricSpec } from '../../common/metrics/names.js';
import { expressions, metricsIn, substituted } from '../../dashboards/expressions.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { NEEDS_PROMTOOL } from '../support/monitoring/prometheus.js';

const all = expressions();
const specs = new Map<string, MetricSpec>(ALL_METRICS.map((spec) => [spec.name, spec]));
const place = ({ dashboard, panel }: (typeof all)[number]) => `${dashboard}: ${panel}`;

interface Selector {
  name: string;
  matchers: Map<string, string>;
}

/** NAME{LABEL="VALUE", ...} of an expression. */
function selectorsOf(expr: string): Selector[] {
  return [...expr.matchAll(/([a-z_][a-z0-9_]*)\{([^}]*)\}/g)].map(([, name = '', inside = '']) => ({
    name,
    matchers: new Map([...inside.matchAll(/(\w+)=~?"([^"]*)"/g)].map(([, label = '', value = '']) => [label, value])),
  }));
}

test('every metric of every query is one of names.ts, with a suffix only where it is a histogram', () => {
  for (const one of all) {
    const used = [...one.expr.matchAll(/\bduet_[a-z0-9_]+\b/g)].map(([name]) => name);
    for (const name of used) {
      if (specs.has(name)) {
        assert.notEqual(specs.get(name)?.type, 'histogram', `${place(one)}: ${name} lacks _sum, _count or _bucket`);
        continue;
      }
      const base = name.replace(/_(?:sum|count|bucket)$/, '');
      assert.equal(specs.get(base)?.type, 'histogram', `${place(one)}: no metric ${name}`);
    }
    assert.ok(used.length > 0 || /\bup\{/.test(one.expr), `${place(one)} asks for no metric of Duet`);
  }
});

test('every query names the run, the role where there is one, and no label that its metric has not', () => {
  for (const one of all) {
    const { expr } = one;
    if (one.kind === 'variable' && one.panel === 'run') continue;
    const selectors = selectorsOf(expr);
    assert.ok(selectors.length > 0, `${place(one)} selects nothing: ${expr}`);
    const allowed = new Set(['run', 'le', 'job', 'instance']);
    for (const { name, matchers } of selectors) {
      assert.equal(matchers.get('run'), '$run', `${place(one)} mixes runs: ${expr}`);
      if (name === 'up') continue;
      const spec = specs.get(metricsIn(name)[0] ?? '');
      assert.ok(spec, `${place(one)}: ${name}`);
      for (const label of spec.labels) allowed.add(label);
      for (const label of matchers.keys()) {
        assert.ok(label === 'run' || spec.labels.includes(label), `${place(one)}: ${name} has no label ${label}`);
      }
      if (spec.labels.includes('role') && one.kind !== 'variable') {
        assert.equal(matchers.get('role'), '$role', `${place(one)} leaves the variable role out: ${expr}`);
      }
    }
    for (const [, labels = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of labels.split(', ')) assert.ok(allowed.has(label), `${place(one)}: no label ${label}`);
    }
  }
});

test('counters are asked for their growth or a total, never one series of one process', () => {
  for (const one of all) {
    for (const name of metricsIn(one.expr)) {
      if (specs.get(name)?.type !== 'counter') continue;
      assert.match(one.expr, /\b(?:sum|ceil)\b/, `${place(one)}: ${one.expr}`);
    }
  }
});

/** The labels of each `by (...)`; le is what a quantile takes away. */
function keptLabels(expr: string): string[][] {
  return [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, labels = '']) =>
    labels.split(', ').filter((label) => label !== 'le'),
  );
}

test('the legend of every line names only labels that the query keeps', () => {
  const legends = all.filter(({ legend }) => legend !== undefined);
  assert.ok(legends.length > 50);
  for (const one of legends) {
    const [kept = []] = keptLabels(one.expr);
    for (const [, label = ''] of (one.legend ?? '').matchAll(/\{\{(\w+)\}\}/g)) {
      assert.ok(kept.includes(label), `${place(one)}: {{${label}}} of ${one.expr}`);
    }
    // And no label that tells lines apart is missing.
    for (const label of kept) assert.match(`${one.legend} ${one.panel}`, new RegExp(`\\b${label}\\b`), place(one));
  }
});

test('both sides of an operation keep the same labels, without which they match nothing', () => {
  for (const one of all) {
    if (one.expr.includes('group_left')) continue;
    const sides = new Set(keptLabels(one.expr).map(String));
    assert.ok(sides.size <= 1, `${place(one)}: ${one.expr}`);
  }
});

test('every metric is shown by a panel', () => {
  const shown = new Set(all.filter(({ kind }) => kind === 'panel').flatMap(({ expr }) => metricsIn(expr)));
  assert.deepEqual(
    [...specs.keys()].filter((name) => !shown.has(name)),
    [],
  );
});

test('no variable of Grafana is left when a query goes to Prometheus, and an unknown one is refused', () => {
  for (const { expr } of all) assert.doesNotMatch(substituted(expr, { run: 'a' }), /\$/);
  assert.equal(substituted('x{run="$run", role=~"${role}"}', { run: 'r', role: 'g' }), 'x{run="r", role=~"g"}');
  assert.throws(() => substituted('x{run="$runs"}', { run: 'a' }), /\$runs/);
});

test("every query is PromQL by Prometheus' own parser", NEEDS_PROMTOOL, async () => {
  await using scratch = scratchFolder();
  const rules = all.map(({ expr }, index) => ({
    record: `duet:query:${index}`,
    expr: substituted(expr, { run: '2026-11-24T13-22-38-pggan-mnist' }),
  }));
  const check = (list: typeof rules) => {
    const file = scratch.write('rules.yml', stringify({ groups: [{ name: 'dashboards', rules: list }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };
  const { status, output } = check(rules);
  assert.equal(status, 0, output);
  assert.match(output, new RegExp(`${rules.length} rules found`));
  assert.notEqual(check([{ record: 'duet:query:0', expr: 'sum by (rate(' }]).status, 0);
});
