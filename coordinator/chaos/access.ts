/** How `coordinator chaos` reaches a run: by its directory, or by address and token. */
import { fromHere } from '../../common/hosts.js';
import { assertCoordinatorAddress, readToken } from '../../common/join-options.js';
import { type TrustFiles, trustFilesOf } from '../../common/trust/files.js';
import { Trust } from '../../common/trust/trust.js';
import { readRecord } from '../run/config/record.js';
import { RunDirectory } from '../run/directory.js';
import type { RunStatus } from '../run/status.js';
import { rolesOf } from '../training/crew/roles.js';

export interface Access {
  /** For messages. */
  name: string;
  /** As of now: a coordinator that was restarted may listen elsewhere. */
  find(): { address: string; token: string };
  /** Mutual TLS, where the run has it. */
  trust?: Trust | undefined;
  /** How the run ended, if it has and that can be known. */
  ended(): string | undefined;
  /** Of the run, discriminator first. */
  roles: readonly string[];
  /** Undefined when only the coordinator knows it. */
  steps: number | undefined;
}

/** @param files of mutual TLS; absent: those of the run's own coordinator, if it has any @throws UsageError when the directory holds no run, or one that was never started */
export function runAccess(path: string, files?: TrustFiles): Access {
  const directory = RunDirectory.open(path);
  const { training, settings } = readRecord(directory);
  const setting = (name: string) => (typeof settings[name] === 'string' ? settings[name] : undefined);
  const own = { tlsCert: setting('tlsCert'), tlsKey: setting('tlsKey'), tlsCa: setting('tlsCa') };
  const tokenFile = setting('tokenFile') ?? directory.file('token');
  const status = () => directory.readJson('run.json') as RunStatus;
  return {
    name: path,
    find: () => ({ address: fromHere(status().address), token: readToken(tokenFile) }),
    trust: trustOf(files ?? trustFilesOf(own)),
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
export function addressAccess(address: string, tokenFile: string, generators: number, files?: TrustFiles): Access {
  assertCoordinatorAddress(address);
  readToken(tokenFile);
  return {
    name: `the run of ${address}`,
    find: () => ({ address, token: readToken(tokenFile) }),
    trust: trustOf(files),
    ended: () => undefined,
    roles: rolesOf(generators),
    steps: undefined,
  };
}

function trustOf(files: TrustFiles | undefined): Trust | undefined {
  return files === undefined ? undefined : Trust.open(files, { names: [], uses: ['client'] });
}
