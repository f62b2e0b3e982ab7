/** `coordinator fetch`: a run from a NATS store into a directory, or the list of those that are there. */
import { UsageError } from '../../common/errors.js';
import type { ExitCode } from '../../common/process/run-command.js';
import { type TrustFlags, trustFilesOf } from '../../common/trust/files.js';
import { RunDirectory } from '../run/directory.js';
import type { KnownRun } from '../store/nats/fetch.js';
import { assertId } from '../store/nats/names.js';
import { nameOf } from '../store/owner.js';

export interface FetchFlags extends TrustFlags {
  store: string;
  run?: string;
  out?: string;
  json?: true;
  storeCredentials?: string;
  insecure?: true;
}

export async function fetchCommand(flags: FetchFlags): Promise<ExitCode> {
  const { store, run, out, json, storeCredentials, insecure = false } = flags;
  if (store === 'file')
    throw new UsageError(
      'a run of the file store is in its directory already: give --store nats://HOST:PORT, or name that directory to the other commands with --run',
    );
  if (run === undefined && out !== undefined)
    throw new UsageError('--out is where the run goes: name it with --run ID');
  if (run !== undefined && json) throw new UsageError('--json is for the list of runs: leave it or --run away');
  if (run !== undefined) assertId(run);
  const { openNatsRuns } = await import('../store/nats/fetch.js');
  const tls = trustFilesOf(flags);
  await using runs = await openNatsRuns({
    url: store,
    insecure,
    waiting: (text) => void process.stderr.write(`${text}\n`),
    ...(storeCredentials === undefined ? {} : { credentials: storeCredentials }),
    ...(tls && { tls }),
  });
  if (run === undefined) {
    const known = (await runs.list()).map(summary);
    process.stdout.write(json ? `${JSON.stringify(known, null, 2)}\n` : tableOf(runs.name, known));
    return 0;
  }
  const directory = RunDirectory.create(out ?? `runs/${run}`);
  try {
    const steps = await runs.fetch(run, directory, (reason) => void process.stderr.write(`${reason}: passed over\n`));
    const newest = steps.at(-1);
    process.stdout.write(
      `the run ${run} is in ${directory.path}: ${steps.length} checkpoints${newest === undefined ? '' : `, the newest of step ${newest}`}\n`,
    );
    return 0;
  } catch (error) {
    directory.discard();
    throw error;
  }
}

interface Summary {
  id: string;
  state: string;
  step: number;
  checkpoint: number | null;
  coordinator: string;
  since: string;
  released: boolean;
}

function summary({ id, state: { documents, checkpoints, lease } }: KnownRun): Summary {
  const status = parse(documents['run.json']);
  return {
    id,
    state: status.state ?? 'unknown',
    step: status.step ?? 0,
    checkpoint: checkpoints.at(-1)?.step ?? null,
    coordinator: nameOf(lease),
    since: lease.since,
    released: lease.released !== undefined,
  };
}

function parse(text: string | undefined): { state?: string; step?: number } {
  try {
    return JSON.parse(text ?? '{}') as { state?: string; step?: number };
  } catch {
    return {};
  }
}

function tableOf(store: string, runs: readonly Summary[]): string {
  if (runs.length === 0) return `${store} holds no runs\n`;
  const rows = [
    ['run', 'state', 'step', 'newest checkpoint', 'coordinator', 'since'],
    ...runs.map((run) => [
      run.id,
      run.state,
      String(run.step),
      run.checkpoint === null ? '-' : String(run.checkpoint),
      run.released ? `${run.coordinator} (ended)` : run.coordinator,
      run.since,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
