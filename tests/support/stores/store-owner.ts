/** A coordinator's process for tests of stores: opens a run (URL or file, directory), says its term, and lives until it is killed. */
import { dirname } from 'node:path';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { openStore } from '../../../coordinator/store/open-store.js';

const [store = '', out = ''] = process.argv.slice(2);
const directory = RunDirectory.openOrCreate(out);
const opened = await openStore({ store, insecure: false }, dirname(directory.path), () => {});
const { lease, settled } = await opened.open(directory, { takeOver: false, waiting: () => {} }).then((run) => ({
  lease: run.lease,
  settled: () => run.settled(AbortSignal.timeout(30_000)),
}));
directory.writeJson('config.json', { by: process.pid });
await settled();
process.stdout.write(`term ${lease.term}\n`);
setInterval(() => {}, 1000);
