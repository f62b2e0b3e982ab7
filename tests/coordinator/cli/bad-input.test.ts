import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { listCheckpoints, verifyCheckpoint } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { logLines, plainLines } from '../../support/runs/log.js';
import { type Ended, coordinator, readJournal, until } from '../../support/runs/run.js';
import { WORKER } from '../../support/wire/control-peer.js';

/** Runs it in an empty folder. */
async function start(scratch: Scratch, ...args: string[]): Promise<Ended> {
  const cwd = join(scratch.path, 'cwd');
  mkdirSync(cwd, { recursive: true });
  await using command = coordinator(['start', ...args], { cwd });
  const ended = await command.ended;
  assert.deepEqual(readdirSync(cwd), [], `start ${args.join(' ')} left nothing behind`);
  return ended;
}

function assertRefused({ code, stderr }: Ended, reason: RegExp, what: string): void {
  assert.equal(code, 2, `${what}: ${stderr}`);
  // What is wrong may only come out when workers look at it: then there is a log, too.
  logLines(stderr);
  const [first = '', ...others] = plainLines(stderr);
  assert.match(first, /^error: /, what);
  assert.match(first, reason, what);
  // Only a wrong flag may add what was perhaps meant, and where the help is.
  assert.ok(
    others.every((line) => line.startsWith('(')),
    `${what}: ${stderr}`,
  );
}

const FLAGS: [args: string[], reason: RegExp][] = [
  [['--workers', '1'], /--workers takes 2 to 128.*not 1/],
  [['--workers', '3', '--system', 'gan'], /'gan' has one generator, not 2: use --workers 2/],
  [['--workers', '3', '--generators', '5'], /--workers 3 and --generators 5 disagree/],
  [['--system', 'pgan'], /--system "pgan".*did you mean 'pggan'\?/],
  [['--data', 'mnits', '--port', '0'], /'mnits' does not exist.*did you mean 'mnist'\?/],
  [['--step', '5'], /unknown option '--step'/],
  [['--steps'], /option '--steps <n>' argument missing/],
  [['5'], /too many arguments/],
  [['--steps', '0'], /--steps 0 is not possible: .*>=1/],
  [['--steps', '-5'], /--steps -5 is not possible/],
  [['--steps', '1.5'], /--steps 1.5 is not possible/],
  [['--steps', 'many'], /--steps "many" is not possible: expected a/],
  [['--steps', '1e99'], /--steps 1e\+99 is not possible: .*<=/],
  [['--batch', '1'], /--batch 1 is not possible/],
  [['--seed', '-1'], /--seed -1 is not possible/],
  [['--learning-rate', '0'], /--learning-rate 0 is not possible/],
  [['--port', '70000'], /--port 70000 is not possible/],
  [
    ['--host', '0.0.0.0'],
    /--host 0\.0\.0\.0 can be reached by others, without encryption: give --tls-cert.*--insecure/,
  ],
  [['--host', 'a b'], /--host "a b" is not an address/],
  [['--grace', '-1'], /--grace -1 is not possible/],
  [['--channels', '2'], /--channels 2 is not possible: choose one of 1, 3/],
  [['--loss', 'hing'], /--loss "hing".*did you mean 'hinge'\?/],
  [['--spares', '17'], /--spares 17 is not possible: .*<=16/],
  [['--heartbeat-deadline', '0.1'], /--heartbeat-deadline 0\.1 is not possible: .*>=2/],
  [['--heartbeat-deadline', '10s'], /--heartbeat-deadline "10s" is not possible: expected a number/],
  [['--step-deadline', '0'], /--step-deadline 0 is not possible: .*>=0\.5/],
  [['--max-crashes', '-1'], /--max-crashes -1 is not possible/],
  [['--max-evictions', '2.5'], /--max-evictions 2\.5 is not possible/],
  [['--max-faulty-steps', ''], /--max-faulty-steps "" is not possible: expected a number/],
  [['--config', 'missing.yaml'], /cannot read the config missing.yaml/],
  [['--resume', 'runs/none'], /runs\/none does not exist/],
];

test('a wrong flag gets a sentence with the value and the cure, exit code 2, and leaves nothing', async () => {
  await using scratch = scratchFolder();
  for (const [args, reason] of FLAGS) assertRefused(await start(scratch, ...args), reason, args.join(' '));
});

test('an unknown flag suggests the nearest one', async () => {
  await using scratch = scratchFolder();
  const { stderr } = await start(scratch, '--step', '5');
  assert.match(stderr, /Did you mean --steps\?/);
});

test('a card that is demanded and not there is an error, never the CPU', async (t) => {
  if (spawnSync('nvidia-smi').status === 0) return t.skip('this machine has a card');
  await using scratch = scratchFolder();
  assertRefused(await start(scratch, '--device', 'cuda'), /--device cuda.*no NVIDIA card/, 'cuda');
});

test('a config file that cannot be used is refused, with the nearest right key', async () => {
  await using scratch = scratchFolder();
  for (const [text, reason] of [
    ['stepz: 5\n', /unknown key 'stepz'.*did you mean 'steps'\?/],
    ['steps: [1\n  - :', /is not YAML/],
    ['- steps\n- 5\n', /must hold keys and values/],
    ['steps: lots\n', /--steps "lots" is not possible/],
    ['a: &a [x, x]\nb: [*a, *a]\n', /cannot be used/],
    ['"two\\nlines": 5\n', /unknown key 'two\\nlines'/],
    ['steps: 1\n---\nsteps: 2\n', /is not YAML/],
  ] as const) {
    const file = scratch.write('run.yaml', Buffer.from(text));
    assertRefused(await start(scratch, '--config', file), reason, text);
  }
});

test('data that cannot be used is named by the worker that opens it, and the run leaves nothing', async () => {
  await using scratch = scratchFolder();
  mkdirSync(join(scratch.path, 'empty'));
  scratch.write(join('broken', 'cat.png'), Buffer.from('not a picture'));
  scratch.write('data.npz', Buffer.from('not a zip'));
  for (const [data, reason] of [
    ['nowhere', /nowhere' does not exist/],
    ['empty', /holds no image/],
    ['broken', /cat\.png cannot be read/],
    ['data.npz', /data\.npz/],
  ] as const) {
    const args = ['--data', join(scratch.path, data), '--steps', '2', '--port', '0'];
    assertRefused(await start(scratch, ...args), reason, data);
  }
});

test('an --out that holds a run, or anything else, stays as it is', async () => {
  await using scratch = scratchFolder();
  scratch.write(join('run', 'config.json'), Buffer.from('{}'));
  scratch.write(join('other', 'thesis.txt'), Buffer.from('mine'));
  for (const [name, reason] of [
    ['run', /already holds a run: go on with it by --resume/],
    ['other', /is not empty/],
  ] as const) {
    const out = join(scratch.path, name);
    const before = readdirSync(out);
    assertRefused(await start(scratch, '--out', out), reason, name);
    assert.deepEqual(readdirSync(out), before);
  }
});

test('an --out that cannot be a folder is refused, and stays as it is', async () => {
  await using scratch = scratchFolder();
  const file = scratch.write('thesis.txt', 'mine');
  for (const [out, reason] of [
    [file, /thesis\.txt is not a folder: choose another --out/],
    [join(file, 'run'), /cannot be written .*choose another --out/],
    [join(scratch.path, 'x'.repeat(300)), /cannot be written .*choose another --out/],
  ] as const) {
    assertRefused(await start(scratch, '--out', out, '--port', '0'), reason, out);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
  }
});

test('a folder that holds no run, or a broken one, is not resumed and stays as it is', async () => {
  await using scratch = scratchFolder();
  scratch.write(join('other', 'thesis.txt'), 'mine');
  scratch.write(join('cut', 'config.json'), '{"id": ');
  scratch.write(join('strange', 'config.json'), '{}');
  scratch.write('file', 'mine');
  for (const [name, reason] of [
    ['other', /holds no run \(no config\.json\)/],
    ['cut', /config\.json cannot be read: the run directory is damaged/],
    ['strange', /is not a config that this version of Duet wrote/],
    ['file', /holds no run/],
  ] as const) {
    assertRefused(await start(scratch, '--resume', join(scratch.path, name)), reason, name);
  }
  assert.deepEqual(readdirSync(scratch.path).sort(), ['cut', 'cwd', 'file', 'other', 'strange']);
  for (const name of ['other', 'cut', 'strange']) assert.equal(readdirSync(join(scratch.path, name)).length, 1, name);
  assertRefused(
    await start(scratch, '--resume', join(scratch.path, 'other'), '--out', join(scratch.path, 'new')),
    /leave --out away/,
    '--resume with --out',
  );
});

test('a port in use is named, with the cure', async () => {
  await using scratch = scratchFolder();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  assertRefused(await start(scratch, '--port', String(port)), new RegExp(`port ${port} .*in use.*--port 0`), 'port');
  server.close();
});

test('sample and export of what is not there are refused', async () => {
  await using scratch = scratchFolder();
  for (const command of ['sample', 'export']) {
    await using refused = coordinator([command, '--run', join(scratch.path, 'none')]);
    assertRefused(await refused.ended, /does not exist: name a run directory/, command);
  }
});

test('worker join without its token, or with an address that is none, says so', async () => {
  await using scratch = scratchFolder();
  for (const [args, reason] of [
    [['--coordinator', '127.0.0.1:1', '--token-file', join(scratch.path, 'none')], /cannot read the token file/],
    [['--coordinator', 'somewhere', '--token-file', 'x'], /--coordinator takes HOST:PORT, not 'somewhere'/],
    [['--coordinator', '127.0.0.1:1', '--token-file', scratch.path], /cannot read the token file/],
    [['--coordinator', '127.0.0.1:1', '--token-file', scratch.write('two', 'a\nb')], /not a join token/],
    [['--coordinator', '127.0.0.1:1', '--token-file', scratch.write('none-in-it', '')], /not a join token/],
    [['--coordinator', '127.0.0.1:1'], /required option '--token-file <file>' not specified/],
  ] as const) {
    const child = spawn(process.execPath, [WORKER, 'join', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    assertRefused({ code, stdout: '', stderr }, reason, args.join(' '));
  }
});

/** A disk of its own, small enough to fill; undefined where this process may not mount one. */
function smallDisk(scratch: Scratch, megabytes: number, more = ''): (Disposable & { path: string }) | undefined {
  const path = join(scratch.path, `disk-${megabytes}`);
  mkdirSync(path);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m${more}`, 'tmpfs', path]).status !== 0)
    return undefined;
  return { path, [Symbol.dispose]: () => void spawnSync('umount', ['--lazy', path]) };
}

test('a disk without room is refused before anything is written', async (t) => {
  await using scratch = scratchFolder();
  using disk = smallDisk(scratch, 8);
  if (disk === undefined) return t.skip('this process may not mount a small disk: run as root');
  assertRefused(await start(scratch, '--out', join(disk.path, 'run'), '--port', '0'), /disk of .* is full/, 'disk');
  assert.deepEqual(readdirSync(disk.path), []);
});

test('a disk that fills while training ends the run with what it had, every checkpoint of it whole', async (t) => {
  await using scratch = scratchFolder();
  using disk = smallDisk(scratch, 80);
  if (disk === undefined) return t.skip('this process may not mount a small disk: run as root');
  const out = join(disk.path, 'run');
  const args = ['--data', 'ring8', '--steps', '1000000', '--checkpoint-every', '5', '--keep-checkpoints', '3'];
  await using run = coordinator(['start', '--port', '0', '--out', out, ...args]);
  await until(
    'two checkpoints',
    () => existsSync(join(out, 'config.json')) && listCheckpoints(RunDirectory.open(out)).length >= 2,
  );
  const { status } = spawnSync('dd', ['if=/dev/zero', `of=${join(disk.path, 'filler')}`, 'bs=64k'], {
    stdio: 'ignore',
  });
  assert.notEqual(status, 0, 'the disk is full');
  const { code, stderr } = await run.ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /error: the disk of .* is full/);
  rmSync(join(disk.path, 'filler'));
  const roles = ['discriminator', 'generator-1', 'generator-2'];
  const directory = RunDirectory.open(out);
  assert.ok(listCheckpoints(directory).length > 0);
  for (const step of listCheckpoints(directory)) verifyCheckpoint(directory, step, roles);
  assert.deepEqual(
    readdirSync(join(out, 'checkpoints')).filter((name) => !/^step-\d{6}$/.test(name)),
    [],
  );
  assert.ok(readJournal(out, 'metrics.jsonl').length > 0);
});

test('a disk that has no room for another file ends the run in a sentence, too', async (t) => {
  await using scratch = scratchFolder();
  using disk = smallDisk(scratch, 80, ',nr_inodes=64');
  if (disk === undefined) return t.skip('this process may not mount a small disk: run as root');
  const out = join(disk.path, 'run');
  const args = ['--data', 'ring8', '--width', '0.25', '--steps', '1000000', '--checkpoint-every', '5'];
  await using run = coordinator(['start', '--port', '0', '--out', out, ...args]);
  await until(
    'a checkpoint',
    () => existsSync(join(out, 'config.json')) && listCheckpoints(RunDirectory.open(out)).length >= 1,
  );
  const full = spawnSync('sh', [
    '-c',
    `i=0; while : > '${disk.path}'/filler-$i && [ $i -lt 100 ]; do i=$((i+1)); done`,
  ]);
  assert.notEqual(full.stderr.length, 0, 'the disk takes no more files');
  const { code, stderr } = await run.ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^error: the disk of .* is full/m);
  assert.doesNotMatch(stderr, /internal error/);
  assert.deepEqual(
    readdirSync(join(out, 'checkpoints')).filter((name) => !/^step-\d{6}$/.test(name)),
    [],
  );
});
