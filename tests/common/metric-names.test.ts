import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ALL_METRICS, type MetricSpec } from '../../common/metrics/names.js';

const PAGE = fileURLToPath(new URL('../../../docs/monitoring.md', import.meta.url));

/** As docs/monitoring.md lists it. */
function rowOf({ name, type, labels, help, gpu }: MetricSpec): string {
  const note = gpu === true ? ' Only with an NVIDIA card.' : '';
  return [name, type, labels.map((label) => `\`${label}\``).join(', '), `${help}${note}`]
    .map((cell) => cell.replaceAll(/\s+/g, ' '))
    .join(' | ');
}

/** Cells of the table's rows, without the padding. */
function rowsOf(page: string): string[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `duet_'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell, i) => (i === 0 ? cell.trim().replaceAll('`', '') : cell.trim()))
        .join(' | '),
    );
}

test('docs/monitoring.md lists every metric with its type, labels and meaning, and no other', () => {
  assert.deepEqual(rowsOf(readFileSync(PAGE, 'utf8')), ALL_METRICS.map(rowOf));
});

test('names are unique, in base units, and a counter ends in _total', () => {
  const names = ALL_METRICS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, type, help } of ALL_METRICS) {
    assert.match(name, /^duet_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /milliseconds|_ms|_kb|_mb|percent/, name);
    assert.match(help, /\.$/, name);
  }
});
