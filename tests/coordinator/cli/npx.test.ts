import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listCheckpoints } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY } from '../../support/runs/faults.js';
import { readJournal, statusOf, until } from '../../support/runs/run.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
/** It becomes the one command that it is given, so that what npx passes on reaches the coordinator: a second SIGINT. */
const SHELL = '/bin/bash';

const only = { skip: existsSync(SHELL) ? false : `there is no ${SHELL}` };

test(
  'one Ctrl-C stops what npx has started with a checkpoint, though it comes from the terminal and from npx',
  only,
  async () => {
    await using scratch = scratchFolder();
    const out = join(scratch.path, 'run');
    const args = ['coordinator', 'start', '--port', '0', '--out', out, '--steps', '100000', ...TINY];
    const env = { ...process.env, npm_config_script_shell: SHELL };
    // A group of its own, as a shell gives a command: its terminal sends Ctrl-C to the group.
    const npx = spawn('npx', args, { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    for (const stream of [npx.stdout, npx.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
    const ended = once(npx, 'close');
    try {
      await until('steps', () => readJournal(out, 'metrics.jsonl').length >= 20);
      process.kill(-(npx.pid ?? 0), 'SIGINT');
      assert.deepEqual(await ended, [130, null], output.join(''));
    } finally {
      if (npx.exitCode === null) process.kill(-(npx.pid ?? 0), 'SIGKILL');
    }
    assert.match(output.join(''), /stopped at step \d+ with a checkpoint/);
    assert.equal(statusOf(out)?.state, 'stopped');
    assert.equal(listCheckpoints(RunDirectory.open(out)).length, 1);
  },
);
