/** The processes that this one has started and that must not outlive it. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { type CommandLine, dieWithParent } from './die-with-parent.js';

const children = new Set<ChildProcess>();
let over = false;

/**
 * A session of its own: Ctrl-C in the terminal is for the one who has started it, who then stops it in order. In Windows it has
 * no console, so it opens no window, and one that is closed does not end it; but nor does Windows end it with its parent.
 */
export const OWN_SESSION = { detached: true, windowsHide: true } as const;

/** As `spawn`, in a session of its own; the process ends at the latest with this one. */
export function spawnChild(line: CommandLine, options: SpawnOptions): ChildProcess {
  const { command, args } = dieWithParent(line, process.pid);
  const child = spawn(command, args, { ...options, ...OWN_SESSION });
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
