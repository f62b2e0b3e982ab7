/** What both commands that reach a coordinator from elsewhere are told: where it listens, and the join token. */
import { readFileSync } from 'node:fs';
import { UsageError } from './errors.js';

/** @throws UsageError when the value of --coordinator is not HOST:PORT */
export function assertCoordinatorAddress(address: string): void {
  if (!/^.+:\d+$/.test(address)) throw new UsageError(`--coordinator takes HOST:PORT, not '${address}'`);
}

/** @throws UsageError when the file cannot be read */
export function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`cannot read the token file ${file}: the coordinator writes it to RUN/token`, {
      cause: error,
    });
  }
}
