import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { statOf } from '../../../common/process/process-stat.js';
import { processes } from '../../support/machine/processes.js';
import { until } from '../../support/runs/run.js';

const FAULTS = fileURLToPath(new URL('../../../worker/faults/process-faults.js', import.meta.url));

/** A process that makes a fault when a line comes, and says when it goes on. */
function victim(action: string): ChildProcess & Disposable {
  const code = `
    import { kill, stop } from ${JSON.stringify(FAULTS)};
    process.stdin.once('data', () => { ${action}; console.log('resumed ' + Date.now()); });
    setInterval(() => {}, 1000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill('SIGKILL') });
}

async function line(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return text.toString();
}

/** T: stopped by a signal. */
const stateOf = (pid = 0) => statOf(pid)?.state;

/** Helpers that would wake this process. */
const wakersOf = (pid: number | undefined) =>
  processes().filter(({ command }) => command.includes('duet-wake') && command.includes(String(pid)));

test('a process stops as by SIGSTOP and goes on by itself when its time is over', async () => {
  using child = victim('stop(700)');
  assert.match(await line(child), /ready/);
  const since = Date.now();
  child.stdin?.write('go\n');
  await until('it stands still', () => stateOf(child.pid) === 'T');
  const [, resumed] = /resumed (\d+)/.exec(await line(child)) ?? [];
  assert.ok(Number(resumed) - since >= 700, `it stood still for ${Number(resumed) - since} ms`);
  await until('the helper has left', () => wakersOf(child.pid).length === 0);
});

test('the helper of a process that was killed while it stood still leaves, too', async () => {
  using child = victim('stop(3600_000)');
  assert.match(await line(child), /ready/);
  child.stdin?.write('go\n');
  await until('it stands still', () => stateOf(child.pid) === 'T');
  assert.equal(wakersOf(child.pid).length, 1);
  child.kill('SIGKILL');
  await until('the helper has left', () => wakersOf(child.pid).length === 0);
});

test('a stop without an end needs no helper, and a kill is SIGKILL', async () => {
  using stopped = victim('stop(0)');
  assert.match(await line(stopped), /ready/);
  stopped.stdin?.write('go\n');
  await until('it stands still', () => stateOf(stopped.pid) === 'T');
  assert.deepEqual(wakersOf(stopped.pid), []);

  using killed = victim('kill()');
  assert.match(await line(killed), /ready/);
  killed.stdin?.write('go\n');
  const [code, signal] = (await once(killed, 'exit')) as [number | null, string];
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
});

test('in Windows a process is not stopped, and says what can be asked for', () => {
  const code = `
    import { stop } from ${JSON.stringify(FAULTS)};
    try { stop(0, 'win32'); } catch (error) { console.log(error.message); }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.match(stdout, /^Windows cannot stop a process/, stderr);
});

test('the first process of a container says that it cannot kill or stop itself, rather than seem to', (t) => {
  const namespace = ['--pid', '--fork', '--mount-proc'];
  if (spawnSync('unshare', [...namespace, 'true']).status !== 0) return t.skip('this process may not make namespaces');
  for (const action of ['kill()', 'stop(0)', 'stop(1000)']) {
    const code = `
      import { kill, stop } from ${JSON.stringify(FAULTS)};
      ${action};`;
    const args = [...namespace, process.execPath, '--input-type=module', '-e', code];
    const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
    assert.equal(status, 1, stderr);
    assert.match(stderr, /process 1 of its container, which cannot kill or stop itself: run it under an init/);
  }
});
