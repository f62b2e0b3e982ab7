import { UsageError } from '../common/errors.js';

/** How often something is measured, and how many steps each time. @throws UsageError when one of them is no count */
export function assertCounts({ pairs, steps }: { pairs: number; steps: number }): void {
  if (!Number.isInteger(pairs) || pairs < 1 || !Number.isInteger(steps) || steps < 1) {
    throw new UsageError('--pairs and --steps take whole numbers from 1 on');
  }
}
