/** An evaluation as a table that a person reads: a line a metric, a column a group, the real floor first. */
import { METRICS, METRIC_NAMES, type MetricDescription, titleOf } from '../../gan/metrics/catalogue.js';
import type { Evaluation } from '../../gan/metrics/evaluation.js';

const ARROWS: Record<MetricDescription['better'], string> = { lower: '↓', higher: '↑', none: ' ' };

export function evaluationTable(evaluation: Evaluation): string {
  const { groups, overlap, discriminator } = evaluation;
  const names = Object.keys(groups);
  const rows = METRIC_NAMES.flatMap((metric) => {
    const { better, digits } = METRICS[metric];
    const values = names.map((group) => groups[group]?.[metric]?.toFixed(digits) ?? '-');
    return values.every((value) => value === '-')
      ? []
      : [[`${ARROWS[better]} ${titleOf(metric, evaluation.features.name)}`, ...values]];
  });
  const lines = [
    `${evaluation.run}, step ${evaluation.step}: ${evaluation.samples} samples of ${evaluation.data} a group, seed ${evaluation.seed}`,
    describeFeatures(evaluation),
    '',
    ...aligned([['', ...names], ...rows]),
    '',
  ];
  for (const { generators, kid, probeAccuracy, classDivergence } of overlap) {
    const classes = classDivergence === undefined ? '' : `, classes apart by ${classDivergence.toFixed(3)} nats`;
    lines.push(
      `${generators.join(' and ')}: KID ${kid.toFixed(METRICS.kid.digits)}, a probe tells them apart in ${percent(probeAccuracy)} (50 %: not at all)${classes}`,
    );
  }
  const { training, heldOut, gap, accuracyTraining, accuracyHeldOut } = discriminator;
  lines.push(
    `discriminator: mean logit ${training.toFixed(3)} on training data, ${heldOut.toFixed(3)} on held-out data (gap ${gap.toFixed(3)}); calls real ${percent(accuracyTraining)} and ${percent(accuracyHeldOut)}`,
  );
  return `${lines.join('\n')}\n`;
}

function describeFeatures({ features }: Evaluation): string {
  if (features.name === 'coordinates') return 'features: the coordinates of the points';
  return `features: ${features.name} ${features.sha256.slice(0, 12)}, test accuracy ${percent(features.testAccuracy, 2)}`;
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
