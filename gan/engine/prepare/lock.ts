/** One process prepares at a time; a lock whose owner died is taken over. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 250;

/** Waits for the lock folder to be ours. `waiting` is called once if another process holds it. */
export async function lock(folder: string, waiting: () => void, signal?: AbortSignal): Promise<Disposable> {
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    if (acquire(folder)) return { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    if (!told) waiting();
    await sleep(RETRY_MS);
  }
}

function acquire(folder: string): boolean {
  try {
    // Making a folder is atomic: one of two processes succeeds.
    mkdirSync(folder);
    writeFileSync(join(folder, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (isOwnerDead(folder)) rmSync(folder, { recursive: true, force: true });
  return false;
}

function isOwnerDead(folder: string): boolean {
  try {
    return !isAlive(Number(readFileSync(join(folder, 'pid'), 'utf8')));
  } catch {
    // Between its mkdir and its pid, or just released: ask again.
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
