import { existsSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [TRIES, PAUSE_MS] = [50, 100];

/** Renames a folder. Windows does not while a virus scanner reads a file of it, as it does when they were written just now. */
export async function move(from, to, platform = process.platform) {
  for (let tries = 1; ; tries += 1) {
    try {
      return renameSync(from, to);
    } catch (error) {
      const held = platform === 'win32' && existsSync(from) && !existsSync(to);
      if (!held || tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
