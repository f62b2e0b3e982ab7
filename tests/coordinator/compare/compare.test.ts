/** A real comparison, interrupted in every way there is. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Results } from '../../../coordinator/compare/results/results.js';
import { isAlive } from '../../support/machine/alive.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { coordinator, readJournal, until } from '../../support/runs/run.js';

const STEPS = 400;
const FILE = `name: tiny
systems:
  gan: { system: gan }
  average: { system: pggan, generatorLoss: average }
data: [ring8]
seeds: 2
common: { steps: ${STEPS}, batch: 16, width: 0.25, checkpointEvery: 5000 }
evaluate: { samples: 64, seed: 3 }
parallel: 1
`;

interface Resumed {
  event: string;
  step: number;
}

test('a comparison killed, stopped and robbed of a run goes on, makes no finished run again, and reports it all', async () => {
  await using scratch = scratchFolder();
  const file = scratch.write('tiny.yaml', FILE);
  const out = join(scratch.path, 'out');
  const folder = (name: string) => join(out, 'runs', 'ring8', name);
  const compare = (...flags: string[]) => coordinator(['compare', file, '--out', out, ...flags], { cwd: scratch.path });
  const processOf = (name: string) => {
    const path = `${folder(name)}.process.json`;
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8') || '{}') as { pid?: number }).pid : undefined;
  };
  const isUnderWay = (name: string) => () => readJournal(folder(name), 'metrics.jsonl').length >= 5;
  const resumedAt = (name: string) =>
    readJournal<Resumed>(folder(name), 'events.jsonl').flatMap(({ event, step }) =>
      event === 'run-resumed' ? [step] : [],
    );
  const first = join(folder('gan/seed-1'), 'result.json');
  let untouched: number;

  {
    await using killed = compare();
    await until('the second run', isUnderWay('average/seed-1'));
    const run = processOf('average/seed-1');
    killed.child.kill('SIGKILL');
    await killed.ended;
    await until('the run to notice', () => run === undefined || !isAlive(run));
    untouched = statSync(first).mtimeMs;
  }

  {
    await using stopped = compare();
    await until('the third run', isUnderWay('gan/seed-2'));
    await using second = compare();
    const refused = await second.ended;
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /another comparison \(process \d+ of .*\) is at work in .*choose another --out/);
    stopped.child.kill('SIGINT');
    const { code, stdout, stderr } = await stopped.ended;
    assert.equal(code, 130, stderr);
    assert.match(stdout, /2\/4 {2}ring8\/average\/seed-1 {2}finished after/);
    assert.match(stdout, /go on with +npx coordinator compare \S+tiny\.yaml --out/);
    assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /partial: 2 of 4 runs/);
  }

  {
    await using robbed = compare();
    await until('the last run', isUnderWay('average/seed-2'));
    process.kill(processOf('average/seed-2') ?? assert.fail('no process'), 'SIGKILL');
    const { code, stdout, stderr } = await robbed.ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /3 of 4 runs finished, 1 died/);
    assert.match(stdout, /dead +ring8\/average\/seed-2: killed by SIGKILL/);
    assert.match(
      readFileSync(join(out, 'report.md'), 'utf8'),
      /\| ring8\/average\/seed-2 \| \d+ \| died in training: killed/,
    );
  }
  for (const name of ['average/seed-1', 'gan/seed-2']) {
    const [step = 0, ...more] = resumedAt(name);
    assert.ok(step >= 5 && step < STEPS && more.length === 0, `${name} went on from its checkpoint, at ${step}`);
  }

  {
    await using idle = compare();
    const { stdout } = await idle.ended;
    assert.match(stdout, /4 runs, 4 of them made already/, 'a dead run is not tried again by itself');
    assert.doesNotMatch(stdout, /^\d\/4/m);
    await using retried = compare('--retry-failed');
    const { code, stdout: again } = await retried.ended;
    assert.equal(code, 0);
    assert.match(again, /4 of 4 runs finished\n/);
  }

  const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results;
  for (const { name, state, summary } of results.runs) {
    assert.deepEqual([name, state, summary?.step], [name, 'finished', STEPS]);
    assert.equal(summary?.evaluation?.samples, 64, name);
    assert.ok((summary?.parameters?.['discriminator'] ?? 0) > 1000, name);
    assert.ok(!existsSync(join(out, 'runs', name, 'checkpoints')), 'checkpoints go once the result is there');
  }
  assert.equal(statSync(first).mtimeMs, untouched, 'the run that was finished first was never touched again');
  assert.equal(resumedAt('gan/seed-1').length, 0);
  const report = readFileSync(join(out, 'report.md'), 'utf8');
  assert.match(report, /\| real data \| 2 \| [78]\.\d\d ± /, 'the floor');
  assert.match(report, /n = 2 pairs the smallest two-sided p .* 0\.5000/);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  assert.equal(page.match(/<img /g)?.length, 2, 'a sample grid of each system');
  assert.doesNotMatch(page, /https?:/);

  {
    scratch.write('tiny.yaml', FILE.replace('batch: 16', 'batch: 32'));
    await using other = compare('--report-only');
    const { code, stderr } = await other.ended;
    assert.equal(code, 2);
    assert.match(
      stderr,
      /runs\/ring8\/gan\/seed-1 was trained with batch 16, the comparison says 32: delete that folder/,
    );
  }
});
