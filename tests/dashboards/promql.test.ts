import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { RUN_METRICS as RUN, WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import { substituted } from '../../dashboards/expressions.js';
import * as promql from '../../dashboards/promql.js';
import { runState, workerStates } from '../../dashboards/states.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { NEEDS_PROMTOOL } from '../support/monitoring/prometheus.js';

/** Value by label values, at one minute, of a run named r. */
interface Claim {
  title: string;
  series: Record<string, string>;
  expr: string;
  expected: Record<string, number>;
}

const CLAIMS: Claim[] = [
  {
    title: 'a share is of all label values together',
    series: {
      'duet_verdicts_total{run="r", judged="x"}': '0+30x12',
      'duet_verdicts_total{run="r", judged="g1"}': '0+10x12',
    },
    expr: promql.share(RUN.verdicts),
    expected: { '{judged="x"}': 0.75, '{judged="g1"}': 0.25 },
  },
  {
    title: 'other runs are left out, and a worker that came back at another address goes on as one line',
    series: {
      'duet_tensors{run="r", role="discriminator", instance="a"}': '5x6 stale',
      'duet_tensors{run="r", role="discriminator", instance="b"}': '_x6 7x6',
      'duet_tensors{run="other", role="discriminator"}': '90x12',
    },
    expr: promql.now(WORKER.tensors),
    expected: { '{role="discriminator"}': 7 },
  },
  {
    title: 'a growth is a whole number, and 0 for causes of which there was none',
    series: {
      'duet_workers_lost_total{run="r", cause="crashed"}': '0x11 1',
      'duet_workers_lost_total{run="r", cause="silent"}': '2x12',
    },
    expr: promql.grown(RUN.lost),
    expected: { '{cause="crashed"}': 1, '{cause="silent"}': 0 },
  },
  {
    title: 'a mean is the sum over the count of what came within the interval',
    series: {
      'duet_phase_seconds_sum{run="r", role="discriminator", phase="judge"}': '100+1x12',
      'duet_phase_seconds_count{run="r", role="discriminator", phase="judge"}': '7+4x12',
    },
    expr: promql.mean(WORKER.phase),
    expected: { '{role="discriminator", phase="judge"}': 0.25 },
  },
  {
    title: 'a recovery counts from the first, though its series begins with it',
    series: {
      'duet_recovery_seconds_sum{run="r", part="total"}': '_x12 6',
      'duet_recovery_seconds_count{run="r", part="total"}': '_x12 2',
    },
    expr: promql.meanSoFar(RUN.recovery),
    expected: { '{part="total"}': 3 },
  },
  {
    title: 'the state of a run is one number',
    series: Object.fromEntries(
      ['starting', 'waiting', 'training', 'recovering', 'finished', 'stopped', 'failed'].map((state) => [
        `duet_run_state{run="r", state="${state}"}`,
        state === 'recovering' ? '1x12' : '0x12',
      ]),
    ),
    expr: runState.expr,
    expected: { '{}': 4 },
  },
  {
    title: 'a role has the state of its worker, of several spares the furthest, and none without a worker',
    series: {
      'duet_workers{run="r", role="generator-1", state="missing"}': '1x12',
      'duet_workers{run="r", role="generator-1", state="starting"}': '0x12',
      'duet_workers{run="r", role="generator-1", state="ready"}': '0x12',
      'duet_workers{run="r", role="spare", state="starting"}': '1x12',
      'duet_workers{run="r", role="spare", state="ready"}': '2x12',
      'duet_workers{run="r", role="generator-2", state="ready"}': '0x12',
    },
    expr: workerStates.expr,
    expected: { '{role="generator-1"}': 1, '{role="spare"}': 3, '{role="generator-2"}': 0 },
  },
];

/** @returns what promtool says when it evaluates the claim's expression over its series, undefined when it is as expected */
async function refuted({ series, expr, expected }: Claim): Promise<string | undefined> {
  await using scratch = scratchFolder();
  const file = scratch.write(
    'test.yml',
    stringify({
      rule_files: [],
      tests: [
        {
          interval: '5s',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            {
              expr: substituted(expr, { run: 'r' }),
              eval_time: '1m',
              exp_samples: Object.entries(expected).map(([labels, value]) => ({ labels, value })),
            },
          ],
        },
      ],
    }),
  );
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
  return status === 0 ? undefined : stdout + stderr;
}

for (const claim of CLAIMS) {
  test(claim.title, NEEDS_PROMTOOL, async () => {
    assert.equal(await refuted(claim), undefined);
  });
}

test('a wrong expectation is refuted', NEEDS_PROMTOOL, async () => {
  const [claim] = CLAIMS;
  assert.ok(claim);
  assert.match((await refuted({ ...claim, expected: { '{judged="x"}': 0.5 } })) ?? '', /exp:/);
});

test('a selector carries the run, the role where there is one, and no matcher twice', () => {
  assert.equal(promql.select(RUN.step), 'duet_step{run="$run"}');
  assert.equal(promql.select(WORKER.tensors), 'duet_tensors{run="$run", role=~"$role"}');
  assert.equal(promql.select(WORKER.tensors, { role: 'x' }), 'duet_tensors{run="$run", role="x"}');
  assert.equal(
    promql.select(WORKER.phase, { phase: '~wait-.*' }, '_sum'),
    'duet_phase_seconds_sum{run="$run", role=~"$role", phase=~"wait-.*"}',
  );
});
