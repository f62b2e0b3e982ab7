/** Which data a run was trained on, and whether there is a way to measure it. */
import { UsageError } from '../../common/errors.js';
import type { Dataset } from '../../gan/data/dataset.js';
import { openDataset } from '../../gan/data/open.js';
import { EVALUATED_DATA, type EvaluatedData } from '../../gan/metrics/evaluation.js';
import { type RunRecord, readRecord } from '../run/config/record.js';
import type { RunDirectory } from '../run/directory.js';

/** What the feature network was trained on; other sizes it cannot see. */
const FEATURE_SIDE = 28;

/** @throws UsageError when there is no network with which such data could be evaluated */
export function evaluatedData({ training }: Pick<RunRecord, 'training'>): EvaluatedData {
  const data = EVALUATED_DATA.find((name) => name === training.data);
  if (data === undefined) {
    throw new UsageError(
      `a run on ${training.data} cannot be evaluated: the metrics need known modes or a network trained on labelled images, which there are for ${EVALUATED_DATA.join(', ')}`,
    );
  }
  if (needsFeatures(data) && training.imageSize !== FEATURE_SIDE) {
    throw new UsageError(
      `a run on ${data} of ${training.imageSize} px cannot be evaluated: the feature network sees ${FEATURE_SIDE} px only`,
    );
  }
  return data;
}

/** Images do, points are their own features. */
export function needsFeatures(data: EvaluatedData): boolean {
  return data === 'mnist' || data === 'stacked-mnist';
}

/** The data that a run was trained on. @throws UsageError as `evaluatedData` and `openDataset` do */
export async function openRunData(directory: RunDirectory): Promise<{ data: EvaluatedData; dataset: Dataset }> {
  const record = readRecord(directory);
  const data = evaluatedData(record);
  return { data, dataset: await openDataset(data, record.training) };
}
