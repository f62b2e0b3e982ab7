import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RULES } from '../../coordinator/training/rules/finding.js';
import { STEP_LIMITS } from '../../coordinator/training/rules/step-rules.js';
import { RUN_STATES, WORKER_STATES } from '../../coordinator/view/run-view.js';
import {
  ALERT_RULES,
  OPERATIONS,
  PROMETHEUS_CONFIG,
  caseFiles,
  readAlerts,
  readCases,
} from '../support/monitoring/alerts.js';
import { NEEDS_PROMTOOL, promtool } from '../support/monitoring/prometheus.js';
import { groupingsOf, labelsOf, selectorsOf, specOf } from '../support/monitoring/promql.js';

test('promtool accepts the scrape config and the alert rules', NEEDS_PROMTOOL, () => {
  promtool('check', 'config', PROMETHEUS_CONFIG);
  promtool('check', 'rules', '--lint=all', '--lint-fatal', ALERT_RULES);
});

test('every case of every alert holds: promtool test rules', NEEDS_PROMTOOL, () => {
  promtool('test', 'rules', ...caseFiles());
});

test('every alert has a case that fires and one that does not, named after it', () => {
  const alerts = readAlerts().map(({ alert }) => alert);
  const cases = readCases();
  for (const alert of alerts) {
    const mine = cases.filter((each) => each.alert === alert);
    assert(
      mine.some(({ fires, name }) => fires && name.startsWith(`${alert} `)),
      `${alert} has no case that fires`,
    );
    // A case of its own, not only a second moment of the one that fires.
    assert(
      mine.some(({ fires, name }) => !fires && name.startsWith(`${alert} is silent `)),
      `${alert} has no case in which it is silent`,
    );
  }
  // promtool holds an alert that does not exist for one that does not fire.
  for (const { alert, name } of cases) assert(alerts.includes(alert), `"${name}" is of ${alert}, which is no alert`);
  assert.equal(new Set(alerts).size, alerts.length, 'two alerts have one name');
});

test('alerts ask for metrics that exist, by labels that these have', () => {
  for (const { alert, expr } of readAlerts()) {
    const selectors = selectorsOf(expr);
    assert(selectors.length > 0, `${alert} asks for nothing`);
    for (const { metric, matchers } of selectors) {
      assert(metric === 'up' || specOf(metric) !== undefined, `${alert}: there is no ${metric}`);
      for (const { label } of matchers) {
        assert(labelsOf(metric).includes(label), `${alert}: ${metric} has no label ${label}`);
      }
    }
    const labels = selectors.flatMap(({ metric }) => labelsOf(metric));
    for (const label of groupingsOf(expr)) assert(labels.includes(label), `${alert}: nothing has a label ${label}`);
  }
});

test('alerts ask for states and rules that exist', () => {
  const known: Record<string, readonly string[]> = {
    'duet_run_state state': RUN_STATES,
    'duet_workers state': WORKER_STATES,
    'duet_rule_active rule': RULES,
  };
  let seen = 0;
  for (const { alert, expr } of readAlerts()) {
    for (const { metric, matchers } of selectorsOf(expr)) {
      for (const { label, value } of matchers) {
        const values = known[`${metric} ${label}`];
        if (values === undefined) continue;
        for (const each of value.split('|')) assert(values.includes(each), `${alert}: ${metric} is never ${each}`);
        seen += 1;
      }
    }
  }
  assert(seen > readAlerts().length, 'nearly every alert looks at the state of its run');
});

test('an alert about what a rule of stability sees has the threshold of that rule', () => {
  const expressions = new Map(readAlerts().map(({ alert, expr }) => [alert, expr]));
  const { stuck, diversity, tooStrong, exploding, warmUp } = STEP_LIMITS;
  for (const [alert, ...comparisons] of [
    ['DuetVerdictStuck', `> ${stuck}`, `> ${warmUp}`],
    ['DuetDiversityGone', `< ${diversity}`, `> ${warmUp}`],
    ['DuetDiscriminatorTooStrong', `> ${tooStrong}`],
    ['DuetGradientExploding', `> ${exploding}`],
  ] as const) {
    for (const comparison of comparisons)
      assert(expressions.get(alert)?.includes(`${comparison}\n`), `${alert}: ${comparison}`);
  }
});

test('an alert names its run, and its runbook is a heading of docs/operations.md', () => {
  const headings = [...readFileSync(OPERATIONS, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    anchorOf(heading),
  );
  for (const { alert, annotations } of readAlerts()) {
    const { summary, description, runbook_url } = annotations;
    for (const text of [summary, description]) assert.match(text, /\{\{ \$labels\.run \}\}/, alert);
    assert.equal(runbook_url, `docs/operations.md#${anchorOf(alert)}`);
    assert(headings.includes(anchorOf(alert)), `docs/operations.md has no heading ${alert}`);
  }
});

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
