/** A comparison of hundreds of runs must fit on a disk: what stays of a run that has its result. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunPaths } from '../paths.js';
import type { Comparison } from '../spec.js';

export function retain({ folder }: RunPaths, { keep }: Comparison): void {
  if (keep.checkpoints === 'all') return;
  for (const name of olderThanTheLast(join(folder, 'samples'))) rmSync(join(folder, 'samples', name), { force: true });
  if (keep.checkpoints === 'last') {
    for (const name of olderThanTheLast(join(folder, 'checkpoints')))
      rmSync(join(folder, 'checkpoints', name), { recursive: true, force: true });
    return;
  }
  for (const name of ['checkpoints', 'export', 'logs']) rmSync(join(folder, name), { recursive: true, force: true });
}

/** step-000250.png before step-000500.png; other names stay. */
function olderThanTheLast(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const steps = readdirSync(folder).filter((name) => /^step-\d+(\.png)?$/.test(name));
  steps.sort((a, b) => stepIn(a) - stepIn(b));
  return steps.slice(0, -1);
}

function stepIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}
