import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../../coordinator/compare/report/blocks.js';
import { toHtml } from '../../../coordinator/compare/report/html.js';
import { toMarkdown } from '../../../coordinator/compare/report/markdown.js';
import { withError } from '../../../coordinator/compare/report/numbers.js';
import { composeReport } from '../../../coordinator/compare/report/write.js';
import { collapseOf } from '../../../coordinator/compare/results/collapse.js';
import { curvesOf } from '../../../coordinator/compare/results/curves.js';
import { pairsOf, testPairs } from '../../../coordinator/compare/results/paired-tests.js';
import { readQuality } from '../../../coordinator/compare/results/quality.js';
import type { RunRow } from '../../../coordinator/compare/results/results.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { type Synthetic, died, missing, syntheticComparison } from '../../support/runs/comparison.js';

const REASON = 'the loss of generator-1 is <NaN> & the step cannot be committed';

function withTrouble(): Synthetic {
  const { results, runs } = syntheticComparison();
  const rows = [...results.runs];
  rows[3] = died(rows[3] as RunRow, REASON);
  rows[99] = missing(rows[99] as RunRow);
  return { runs, results: { ...results, runs: rows } };
}

async function pages({ results, runs }: Synthetic): Promise<{ html: string; markdown: string }> {
  const picture: Picture = {
    kind: 'picture',
    caption: 'gan, seed 1',
    alt: 'Samples of gan',
    content: { data: 'data:image/png;base64,AAAA' },
  };
  const report = await composeReport(results, runs, new Map([['ring8/gan/seed-1', picture]]));
  return { html: toHtml(report), markdown: toMarkdown(report, 'report.html') };
}

/** Cells of the table row that begins with this heading, in every table. */
function rowsOf(markdown: string, first: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith(`| ${first} |`))
    .map((line) => line.split(' | ').map((text) => text.replaceAll(/^\| | \|$/g, '')));
}

test('every system has its row beside the floor of real data, and a dead run is a row that says why', async () => {
  const { html, markdown } = await pages(withTrouble());
  for (const system of ['gan', 'gan-double', 'pggan-verdict-average', 'pggan-average', 'pggan-sum'])
    assert.ok(rowsOf(markdown, system).length >= 6, system);
  const [floor] = rowsOf(markdown, 'real data');
  assert.deepEqual(floor?.slice(0, 3), ['real data', '10', '8.00 ± 0.00'], 'once a seed, not once a run');
  const [, n] = rowsOf(markdown, 'pggan-average')[1] ?? [];
  assert.equal(n, '9', 'the dead run is in no mean');
  const [dead] = rowsOf(markdown, 'ring8/pggan-average/seed-1');
  assert.equal(dead?.[1], '812');
  assert.match(dead?.[2] ?? '', /^died in training: the loss of generator-1/);
  assert.ok(html.includes('the loss of generator-1 is &lt;NaN&gt; &amp; the step'), 'text is escaped');
});

test('the page needs nothing else: no address, no script, charts and pictures inside', async () => {
  const { html, markdown } = await pages(withTrouble());
  assert.doesNotMatch(html, /https?:|<script|<link|@import|url\(/);
  assert.equal(html.match(/<svg /g)?.length, 8, 'four charts a data set');
  assert.doesNotMatch(html, /NaN[ ,]|undefined/);
  for (const tag of html.match(/<(svg|img) [^>]*>/g) ?? []) assert.match(tag, /aria-label="[^"]{20,}"|alt="[^"]{10,}"/);
  assert.ok(html.includes('prefers-color-scheme:dark'));
  assert.equal(html.match(/<table>/g)?.length, html.match(/<caption>/g)?.length);
  assert.ok(markdown.includes('In [report.html](report.html):'));
});

test('what is decided, and how, stands before the results; a part of a comparison says so', async () => {
  const { html, markdown } = await pages(withTrouble());
  for (const page of [html, markdown]) {
    assert.match(page, /partial: 99 of 100 runs/);
    const order = ['Primary metric:', 'alpha = 0.05', 'counts as collapsed when', 'Results on ring8'].map((text) =>
      page.lastIndexOf(text),
    );
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.ok(order.every((at) => at > 0));
  }
  const whole = await pages(syntheticComparison());
  assert.doesNotMatch(whole.markdown, /[Pp]artial/);
});

test('a difference that every seed shows is found; the direction of the metric says whether it is better', () => {
  const { results, runs } = syntheticComparison();
  const { comparison } = results;
  const tests = testPairs(pairsOf(comparison, runs, 'mnist'), results.runs, 'mnist', comparison);
  const [double] = tests;
  assert.equal(double?.metric, 'kid');
  assert.deepEqual([double.n, double.p], [10, 2 / 1024], 'all ten differences have one sign');
  assert.equal(double.adjusted, (7 * 2) / 1024, 'seven comparisons on the data set');
  assert.equal(double.verdict, 'worse', 'its KID is higher');
  assert.ok((double.interval?.low ?? 0) > 0.002 && (double.interval?.high ?? 1) < 0.006);
});

test('five seeds cannot decide anything, and the report says so', async () => {
  const synthetic = syntheticComparison({ seeds: 5 });
  const { results, runs } = synthetic;
  const tests = testPairs(pairsOf(results.comparison, runs, 'mnist'), results.runs, 'mnist', results.comparison);
  assert.ok(tests.every(({ verdict }) => verdict === 'too few seeds'));
  const { markdown } = await pages(synthetic);
  assert.match(
    markdown,
    /n = 5 pairs the smallest two-sided p that this test can give is 0\.0625.*Nothing can be decided/,
  );
});

test('runs without a partner of the same seed are in no test', () => {
  const { results, runs } = withTrouble();
  const tests = testPairs(pairsOf(results.comparison, runs, 'ring8'), results.runs, 'ring8', results.comparison);
  assert.deepEqual(
    tests.map(({ system, n }) => `${system} ${n}`),
    [
      'gan-double 10',
      'pggan-verdict-average 10',
      'pggan-average 9',
      'pggan-sum 10',
      'pggan-average 9',
      'pggan-sum 10',
      'pggan-sum 9',
    ],
  );
  const nothing = testPairs(
    [{ setting: '', system: 'gan', against: 'none' }],
    results.runs,
    'ring8',
    results.comparison,
  );
  assert.equal(nothing[0]?.verdict, 'no pairs');
});

test('a comparison without evaluations reports losses alone', async () => {
  const { results, runs } = syntheticComparison({ evaluate: false, data: ['ring8'] });
  const rows = results.runs.map((row): RunRow => {
    const { evaluation: _evaluation, quality: _quality, ...rest } = row.summary ?? assert.fail();
    return { ...row, summary: rest };
  });
  const { markdown } = await pages({ runs, results: { ...results, runs: rows } });
  assert.match(markdown, /Nothing was evaluated/);
  assert.doesNotMatch(markdown, /real data \||Paired tests|KID last\/best/);
  assert.equal(rowsOf(markdown, 'gan').length, 3, 'its keys, its stability, its cost');
});

test('a run has collapsed when it diverged, when its KID stays above 1.5 times the best, or when half of the modes are gone', () => {
  const quality = (ratios: number[]) =>
    readQuality(ratios.map((ratio, i) => ({ step: i * 10, kid: ratio / 100, best: 0.01, bestStep: 0, ratio })));
  const signs = { data: 'mnist', quality: undefined, modes: undefined, faulty: undefined };
  assert.equal(collapseOf(signs), null);
  assert.equal(collapseOf({ ...signs, faulty: 'NaN' })?.rule, 'diverged');
  assert.equal(collapseOf({ ...signs, quality: quality([1, 1.6, 1.7, 1.8]) })?.rule, 'kid-regressed');
  assert.equal(collapseOf({ ...signs, quality: quality([1, 9, 9, 1.2]) }), null, 'it came back');
  assert.equal(collapseOf({ ...signs, quality: quality([9, 9]) }), null, 'two evaluations are too few');
  assert.equal(collapseOf({ ...signs, data: 'ring8', modes: 4 })?.rule, 'modes-lost');
  assert.equal(collapseOf({ ...signs, data: 'ring8', modes: 5 }), null);
  assert.equal(collapseOf({ ...signs, data: 'grid25', modes: 12 })?.rule, 'modes-lost');
  assert.equal(collapseOf({ ...signs, modes: 1 }), null, 'digits are not a Gaussian mixture');
});

test('lines of quality.jsonl that are no evaluations are passed over, and long runs are thinned with the last kept', () => {
  assert.equal(readQuality([{ step: 1 }, null, 3]), undefined);
  const lines = Array.from({ length: 200 }, (_, i) => ({ step: i, kid: 1 + i, best: 1, bestStep: 0, ratio: 1 + i }));
  const found = readQuality(lines);
  assert.ok((found?.curve.length ?? 0) <= 60);
  assert.deepEqual(found?.curve.at(-1), [199, 200]);
  assert.deepEqual([found.last, found.ratio, found.lastRatios], [200, 200, [198, 199, 200]]);
});

test('curves are means over equal parts of the run, and end where a run died', () => {
  const metrics = Array.from({ length: 70 }, (_, i) => ({
    step: i + 1,
    discriminatorLoss: i,
    generatorLosses: [1, 3],
    verdicts: { x: 3, g1: 1, g2: 0 },
  })) as unknown as StepMetrics[];
  const { step, discriminator, generator, xJudgedReal } = curvesOf(metrics, 80);
  assert.equal(step.length, 35);
  assert.deepEqual(step.slice(0, 2), [2, 4]);
  assert.deepEqual(discriminator.slice(0, 2), [0.5, 2.5]);
  assert.deepEqual([generator[0], xJudgedReal[0]], [2, 0.75]);
});

test('a mean and its error share the decimals that the mean needs', () => {
  assert.equal(withError({ n: 2, mean: 0.12345, error: 0.01 }, 3), '0.123 ± 0.010');
  assert.equal(withError({ n: 2, mean: 0.0000234, error: 0.0000011 }, 4), '0.000023 ± 0.000001');
  assert.equal(withError({ n: 1, mean: 2 }, 0), '2');
  assert.equal(withError(undefined, 2), '–');
});
