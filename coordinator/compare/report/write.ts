/** Puts the report together, and writes results.json, report.md and report.html. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../common/errors.js';
import { writeWhole } from '../../run/directory.js';
import { pairsOf, testPairs } from '../results/paired-tests.js';
import type { PlannedRun } from '../plan.js';
import type { Results } from '../results/results.js';
import { type Block, type Picture, type Report, heading, paragraph } from './blocks.js';
import { facetCharts } from './curves.js';
import { testBlocks } from './decided.js';
import { toHtml } from './html.js';
import { toMarkdown } from './markdown.js';
import { sampleGrids } from './pictures.js';
import { decisionBlocks, protocolBlocks, repeatBlocks } from './protocol.js';
import type { Facet } from './facet.js';
import { facetTables } from './tables.js';

const PAGE = 'report.html';

/** @returns the paths of the files @throws UsageError when there is no such folder */
export async function writeReport(out: string, results: Results, runs: readonly PlannedRun[]): Promise<string[]> {
  if (!existsSync(out)) throw new UsageError(`${out} does not exist: leave --report-only away to make the runs first`);
  const report = await composeReport(results, runs, await sampleGrids(out, results.runs));
  const files = {
    'results.json': `${JSON.stringify(results)}\n`,
    'report.md': toMarkdown(report, PAGE),
    [PAGE]: toHtml(report),
  };
  for (const [name, content] of Object.entries(files)) writeWhole(join(out, name), content);
  return Object.keys(files).map((name) => join(out, name));
}

/** @param pictures sample grids by name of the run */
export async function composeReport(
  results: Results,
  runs: readonly PlannedRun[],
  pictures: ReadonlyMap<string, Picture>,
): Promise<Report> {
  const { comparison } = results;
  const made = results.runs.filter(({ state }) => state !== 'missing').length;
  const partial = made < results.runs.length ? ` (partial: ${made} of ${results.runs.length} runs)` : '';
  const sections: Block[] = [];
  for (const data of comparison.data) sections.push(...(await dataSection(data, results, runs, pictures)));
  return {
    title: `Comparison: ${comparison.name}${partial}`,
    blocks: [
      ...summary(results, made),
      ...protocolBlocks(results),
      ...decisionBlocks(results),
      ...sections,
      ...repeatBlocks(results),
    ],
  };
}

function summary({ comparison, runs }: Results, made: number): Block[] {
  const { systems, data, seeds, settings } = comparison;
  const count = (state: string) => runs.filter((row) => row.state === state).length;
  const parts = [
    `${Object.keys(systems).length} systems`,
    `${data.length} data sets`,
    `${seeds.length} seeds`,
    ...('' in settings ? [] : [`${Object.keys(settings).length} settings`]),
  ];
  const text = `${parts.join(' × ')} = ${runs.length} runs: ${count('finished')} finished, ${count('dead')} died.`;
  if (made === runs.length) return [paragraph(text)];
  return [
    paragraph(text),
    paragraph(`Partial: ${made} of ${runs.length} runs are made. What stands below will change.`, 'warning'),
  ];
}

async function dataSection(
  data: string,
  { comparison, runs: rows }: Results,
  runs: readonly PlannedRun[],
  pictures: ReadonlyMap<string, Picture>,
): Promise<Block[]> {
  const { settings, systems, tests, evaluate } = comparison;
  const blocks: Block[] = [heading(2, `Results on ${data}`, `data-${comparison.data.indexOf(data) + 1}`)];
  for (const setting of Object.keys(settings)) {
    const facet: Facet = {
      data,
      setting,
      systems: Object.keys(systems),
      rows: rows.filter((row) => row.data === data && row.setting === setting),
    };
    if (setting !== '') blocks.push(heading(3, `Setting ${setting}`));
    blocks.push(...facetTables(facet, comparison));
    const charts = await facetCharts(facet);
    if (charts.length > 0) blocks.push({ kind: 'pictures', pictures: charts, wide: true });
    const grids = facet.rows.flatMap(({ name }) => pictures.get(name) ?? []);
    if (grids.length > 0)
      blocks.push(heading(4, 'Samples at the end, of the first seed'), { kind: 'pictures', pictures: grids });
  }
  if (evaluate !== false) {
    const tested = testPairs(pairsOf(comparison, runs, data), rows, data, comparison);
    blocks.push(heading(3, `Paired tests on ${data}`), ...testBlocks(data, tested, tests.alpha));
  }
  return blocks;
}
