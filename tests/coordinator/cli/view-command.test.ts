import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { servePage } from '../../../coordinator/page/server.js';
import type { RunView } from '../../../coordinator/view/run-view.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { liveOf, recordedRun } from '../../support/runs/recorded-run.js';
import { type RunningCommand, coordinator, until } from '../../support/runs/run.js';

/** The address that the command prints once it serves the page. */
async function addressOf({ child }: RunningCommand): Promise<string> {
  let said = '';
  child.stdout?.on('data', (part: string) => (said += part));
  return await until('the address', () => /http:\/\/\S+/.exec(said)?.[0]);
}

const runOf = async (url: string) => (await (await fetch(`${url}/api/run`)).json()) as RunView;

test('coordinator view serves the page of a finished run until it is told to end, with exit code 0', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'finished'), 20);
  run.steps(1, 20);
  run.status({ state: 'finished', step: 20 });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    await using command = coordinator(['view', '--run', run.directory.path, '--port', '0']);
    const url = await addressOf(command);
    assert.deepEqual([(await runOf(url)).state, (await runOf(url)).step], ['finished', 20]);
    assert.match(await (await fetch(url)).text(), /<title>Duet<\/title>/);
    command.child.kill(signal);
    const { code, stderr } = await command.ended;
    assert.equal(code, 0, stderr);
  }
});

test('the workers of a run that another process drives come from its own page, and go when that is gone', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'driven'));
  run.steps(1, 10);
  const live = () => liveOf({ state: 'recovering', step: 7 });
  const own = await servePage({ directory: run.directory, host: '127.0.0.1', port: 0, live });
  run.status({ page: own.url });
  await using command = coordinator(['view', '--run', run.directory.path, '--port', '0']);
  const url = await addressOf(command);
  let seen: RunView | undefined;
  const asked = async (fits: (view: RunView) => boolean) => {
    for (seen = await runOf(url); !fits(seen); seen = await runOf(url)) await sleep(100);
  };
  await asked(({ workers }) => workers.length === 3);
  assert.deepEqual([seen?.state, seen?.step], ['recovering', 7]);
  await own[Symbol.asyncDispose]();
  await asked(({ workers }) => workers.length === 0);
});

test('what cannot be viewed is refused with a sentence and exit code 2', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'run'));
  scratch.write('other/thesis.txt', 'mine');
  scratch.write('strange/config.json', '{}');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  for (const [args, reason] of [
    [['--run', join(scratch.path, 'none')], /does not exist: name a run directory/],
    [['--run', join(scratch.path, 'other')], /holds no run \(no config\.json\)/],
    [['--run', join(scratch.path, 'strange')], /is not a config that this version of Duet wrote/],
    [['--run', run.directory.path, '--port', String(port)], /port \d+ on 127\.0\.0\.1 is in use.*--port 0/],
    [['--run', run.directory.path, '--port', 'web'], /--port takes a whole number from 0 to 65535, not 'web'/],
    [['--run', run.directory.path, '--host', '0.0.0.0'], /--host 0\.0\.0\.0 can be reached by others.*--insecure/],
    [[], /required option '--run <dir>' not specified/],
  ] as const) {
    await using command = coordinator(['view', ...args]);
    const { code, stderr } = await command.ended;
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr.split('\n')[0] ?? '', reason, args.join(' '));
  }
  taken.close();
});
