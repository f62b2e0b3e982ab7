/** How `coordinator chaos` reaches a run: by its directory, or by address and token. */
import { assertCoordinatorAddress, readToken } from '../../common/join-options.js';
import { RunDirectory } from '../run/directory.js';
import { readRecord } from '../run/record.js';
import type { RunStatus } from '../run/status.js';
import { rolesOf } from '../training/roles.js';

export interface Access {
  /** For messages. */
  name: string;
  /** As of now: a coordinator that was restarted may listen elsewhere. */
  find(): { address: string; token: string };
  /** How the run ended, if it has and that can be known. */
  ended(): string | undefined;
  /** Of the run, discriminator first. */
  roles: readonly string[];
  /** Undefined when only the coordinator knows it. */
  steps: number | undefined;
}

/** @throws UsageError when the directory holds no run, or one that was never started */
export function runAccess(path: string): Access {
  const directory = RunDirectory.open(path);
  const { training } = readRecord(directory);
  const status = () => directory.readJson('run.json') as RunStatus;
  return {
    name: path,
    find: () => ({ address: status().address, token: readToken(directory.file('token')) }),
    ended() {
      const { state, reason } = status();
      const over = state === 'finished' || state === 'stopped' || state === 'failed';
      return over ? `${state}${reason === undefined || reason === '' ? '' : ` (${reason})`}` : undefined;
    },
    roles: rolesOf(training.generators),
    steps: training.steps,
  };
}

/** @throws UsageError when the token cannot be read */
export function addressAccess(address: string, tokenFile: string, generators: number): Access {
  assertCoordinatorAddress(address);
  readToken(tokenFile);
  return {
    name: `the run of ${address}`,
    find: () => ({ address, token: readToken(tokenFile) }),
    ended: () => undefined,
    roles: rolesOf(generators),
    steps: undefined,
  };
}
