/** Curves for the eye: a step is noisy, and what it means is its neighbourhood's mean. */
import type { Column } from '../../view/messages.js';

/** The mean of the points around each, a sixtieth of all at a time; fewer at both ends. Null where there is no number. */
export function smoothed(values: Column): Column {
  const reach = Math.min(15, Math.round(values.length / 120));
  if (reach === 0) return values;
  const sums = [0];
  const counts = [0];
  for (const [i, value] of values.entries()) {
    sums.push((sums[i] ?? 0) + (value ?? 0));
    counts.push((counts[i] ?? 0) + (value === null ? 0 : 1));
  }
  return values.map((value, i) => {
    if (value === null) return null;
    // As far to one side as to the other: the line neither leads nor lags.
    const around = Math.min(reach, i, values.length - 1 - i);
    const [first, end] = [i - around, i + around + 1];
    return ((sums[end] ?? 0) - (sums[first] ?? 0)) / ((counts[end] ?? 0) - (counts[first] ?? 0));
  });
}
