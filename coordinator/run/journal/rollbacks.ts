/** Where a run went back to its best checkpoint and took another path: part of its record, because its bits follow from it. */
import { z } from 'zod';

export const rollbackSchema = z.object({
  /** The evaluated step at which the collapse was seen. */
  evaluated: z.int().min(1),
  /** The step that the run went back to; the branch begins with the one after. */
  to: z.int().min(0),
});
export type Rollback = z.output<typeof rollbackSchema>;

/** The branch that a step belongs to: 0 until the first rollback, k after the k-th. */
export function branchOf(rollbacks: readonly Rollback[], step: number): number {
  return rollbacks.findLastIndex(({ to }) => step > to) + 1;
}
