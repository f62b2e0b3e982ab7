/** Runs under mutual TLS: a coordinator and workers with a certificate each, as in a cluster, on this machine. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { trustArgs } from '../../../common/trust/files.js';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import { type Authority, type CertificateWishes, type SecretFolder, secretFolder } from '../wire/certificates.js';
import { type JoinedByHand, joinByHand } from '../wire/control-peer.js';
import { TINY } from './faults.js';
import {
  type Ended,
  ROLES,
  type RunningCommand,
  coordinator,
  readCheckpoint,
  readJournal,
  startRun,
  statusOf,
  until,
} from './run.js';

export const OPTIONS = [...TINY, '--evaluate-every', '0'];
const PORTS = ['--port', '0', '--page-port', '0', '--metrics-port', '0'];

export interface TrustedRun extends AsyncDisposable {
  out: string;
  coordinator: RunningCommand;
  address: string;
  /** Of the coordinator. */
  files: SecretFolder;
  events(): RunEvent[];
  /** Committed in this start and before, replays too. */
  steps(): number;
  /** Starts a worker with files of its own. */
  join(files: SecretFolder, ...flags: string[]): JoinedByHand;
}

/** A folder with a certificate, as Kubernetes mounts it. */
export async function mounted(
  folder: string,
  name: string,
  authority: Authority,
  wishes: CertificateWishes = {},
): Promise<SecretFolder> {
  mkdirSync(folder, { recursive: true });
  return secretFolder(join(folder, name), await authority.issue(name, wishes), authority.pem);
}

/** Starts a coordinator that waits for workers; it trains until it is stopped. */
export async function trustedRun(out: string, files: SecretFolder, ...flags: string[]): Promise<TrustedRun> {
  const start = ['start', '--placement', 'external', ...PORTS, '--out', out, '--steps', '1000000'];
  const command = coordinator([...start, ...OPTIONS, ...trustArgs(files), ...flags]);
  const events = () => readJournal<RunEvent>(out, 'events.jsonl');
  const address = await until('the coordinator to listen', async () => {
    if (command.child.exitCode !== null) assert.fail((await command.ended).stderr);
    return statusOf(out)?.address || undefined;
  });
  const workers: JoinedByHand[] = [];
  return {
    out,
    coordinator: command,
    address,
    files,
    events,
    steps: () => readJournal(out, 'metrics.jsonl').length,
    join(own, ...more) {
      const worker = joinByHand(address, join(out, 'token'), '--metrics-port', '0', ...trustArgs(own), ...more);
      workers.push(worker);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      await command[Symbol.asyncDispose]();
      for (const worker of workers) worker[Symbol.dispose]();
    },
  };
}

/** Stops the run after the step in progress: a run without TLS, of so many steps, must have come to the same bits. */
export async function assertSameBits(
  out: string,
  { child, ended }: Pick<RunningCommand, 'child' | 'ended'>,
  plain: string,
): Promise<Ended> {
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await ended;
  assert.equal(code, 130, stderr);
  const step = statusOf(out)?.step ?? 0;
  const undisturbed = await startRun(plain, '--steps', String(step), ...OPTIONS);
  assert.equal(undisturbed.code, 0, undisturbed.stderr);
  for (const role of ROLES) {
    assert.ok(readCheckpoint(out, step, role).equals(readCheckpoint(plain, step, role)), `${role} at step ${step}`);
  }
  return { code, stdout, stderr };
}
