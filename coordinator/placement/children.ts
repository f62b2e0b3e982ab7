/** The processes that this one has started and that must not outlive it. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { type CommandLine, dieWithParent } from './die-with-parent.js';

const children = new Set<ChildProcess>();
let over = false;

/** As `spawn`; the process ends at the latest with this one. */
export function spawnChild(line: CommandLine, options: SpawnOptions): ChildProcess {
  const { command, args } = dieWithParent(line, process.pid);
  const child = spawn(command, args, options);
  if (children.size === 0) process.once('exit', killChildren);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', killChildren);
  });
  // Somebody may still be at it, who has not heard yet that the work is over.
  if (over) child.kill('SIGKILL');
  return child;
}

/** Ends all of them, whatever state they are in, and every one that is still to come. */
export function killChildren(): void {
  over = true;
  for (const child of children) child.kill('SIGKILL');
}
