/** `coordinator view`: the page of a run that is over, or that another process drives. */
import { once } from 'node:events';
import { assertHost } from '../../common/hosts.js';
import type { ExitCode } from '../../common/process/run-command.js';
import { servePage } from '../page/server.js';
import { readRecord } from '../run/config/record.js';
import { RunDirectory } from '../run/directory.js';
import { remoteLive } from '../view/remote-live.js';
import { stopOnSignals } from './signals.js';
import { wholeNumber } from './whole-number.js';

interface ViewFlags {
  run: string;
  port?: string;
  host: string;
  insecure?: true;
}

const HIGHEST_PORT = 65_535;

/** Ends when it is told to, and has done its work then. */
export async function viewCommand(flags: ViewFlags): Promise<ExitCode> {
  const directory = RunDirectory.open(flags.run);
  // What is damaged is said here, not on the page.
  readRecord(directory);
  const port = flags.port === undefined ? undefined : wholeNumber('--port', flags.port, 0, HIGHEST_PORT);
  assertHost(flags.host, { insecure: flags.insecure === true });
  await using page = await servePage({
    directory,
    live: remoteLive(directory),
    host: flags.host,
    port,
    flag: '--port',
  });
  process.stdout.write(`${directory.id}: ${page.url} (Ctrl-C ends it)\n`);
  using signals = stopOnSignals('closing the page');
  if (!signals.stop.aborted) await once(signals.stop, 'abort');
  return 0;
}
