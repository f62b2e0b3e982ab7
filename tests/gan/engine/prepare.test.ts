import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../../common/errors.js';
import { cudaRequirements } from '../../../gan/engine/prepare/cuda-libraries.js';
import { prepareEngine } from '../../../gan/engine/prepare/index.js';
import { type FromOptions, findFrom, prepareFrom } from '../../../gan/engine/prepare/prepare-from.js';
import { type EngineRecord, engineFolder } from '../../../gan/engine/prepare/prepared.js';
import { assertRoom } from '../../../gan/engine/prepare/requirements.js';
import { wheelFor } from '../../../gan/engine/prepare/wheels.js';
import { type FakeMachine, fakeMachine, temporaryFolder } from './fake-tools.js';

function prepare(machine: FakeMachine, more: Partial<FromOptions> = {}) {
  const { wheel, env } = machine;
  return prepareFrom({
    flavour: 'cpu',
    wheel,
    env,
    onProgress: () => {},
    freeBytes: () => Promise.resolve(1e12),
    ...more,
  });
}

/** What lies in the cache's engine folder. */
function engines({ cache }: FakeMachine): string[] {
  return existsSync(join(cache, 'engine')) ? readdirSync(join(cache, 'engine')) : [];
}

const find = ({ env, wheel }: FakeMachine) => findFrom({ flavour: 'cpu', env, wheel });

describe('preparing the native engine', () => {
  test('leaves one folder with the libraries, the addon and a record, and nothing of the download', async (t) => {
    const machine = fakeMachine(t);
    machine.go();
    const phases: string[] = [];
    const prepared = await prepare(machine, { onProgress: ({ phase }) => phases.push(phase) });
    assert.deepEqual([...new Set(phases)], ['downloading', 'unpacking', 'compiling', 'done']);
    assert.deepEqual(readdirSync(prepared.directory).sort(), ['LICENSE', 'engine.json', 'tensorflow']);
    assert.equal(readFileSync(prepared.addon, 'utf8'), 'addon\n');
    assert.equal(existsSync(join(prepared.directory, 'tensorflow', 'python')), false);
    assert.deepEqual(engines(machine).length, 1);
    assert.deepEqual(find(machine), prepared);
  });

  test('with nothing to do starts no process', async (t) => {
    const machine = fakeMachine(t);
    machine.go();
    const first = await prepare(machine);
    const noPrograms = { ...machine.env, PATH: join(machine.folder, 'empty') };
    assert.deepEqual(await prepare(machine, { env: noPrograms }), first);
    assert.deepEqual(machine.log(), ['download tensorflow==0', 'compile']);
  });

  test('with another addon source compiles the addon alone', async (t) => {
    const machine = fakeMachine(t);
    machine.go();
    const { directory } = await prepare(machine);
    const file = join(directory, 'engine.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as EngineRecord;
    writeFileSync(file, JSON.stringify({ ...record, recipe: 'of an earlier source' }));
    assert.equal(find(machine), undefined);
    await prepare(machine);
    assert.deepEqual(machine.log(), ['download tensorflow==0', 'compile', 'compile']);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), record);
  });

  test('does it anew when a file is cut short', async (t) => {
    const machine = fakeMachine(t);
    machine.go();
    const { addon } = await prepare(machine);
    truncateSync(addon, 2);
    assert.equal(find(machine), undefined);
    assert.equal(readFileSync((await prepare(machine)).addon, 'utf8'), 'addon\n');
  });

  test("for CUDA brings NVIDIA's libraries and returns their folders, without the compiler nvcc", async (t) => {
    const machine = fakeMachine(t);
    machine.go();
    const { directory, libraryPath } = await prepare(machine, { flavour: 'cuda' });
    assert.deepEqual(libraryPath, [join(directory, 'nvidia/cuda_runtime/lib')]);
    assert.deepEqual(readdirSync(libraryPath[0] ?? ''), ['libcudart.so.12']);
    assert.equal(existsSync(join(directory, 'nvidia/cuda_runtime/include')), false);
    assert.equal(machine.log()[1], 'download nvidia-cuda-runtime-cu12<13.0,>=12.5.82');
  });
});

describe('what is missing', () => {
  test('Python and a compiler are named in one message, each with its cure', async (t) => {
    const folder = temporaryFolder(t);
    const env = { PATH: folder, DUET_CACHE: join(folder, 'cache') };
    await assert.rejects(prepareEngine({ flavour: 'cpu', env }), (error: Error) => {
      assert.ok(error instanceof EngineError);
      assert.match(error.message, /Python 3 is missing.*install python3.*C\+\+ compiler is missing.*install/);
      return true;
    });
    assert.deepEqual(readdirSync(join(folder, 'cache', 'engine')), []);
  });

  test('pip is named with its cure', async (t) => {
    const machine = fakeMachine(t);
    writeFileSync(join(machine.folder, 'bin', 'python3'), '#!/bin/sh\nexit 1\n');
    await assert.rejects(prepare(machine), /pip is missing, 'python3 -m pip --version' fails: .*install python3/);
  });

  test('a compiler that CXX names and that is not there is named, not replaced', async (t) => {
    const machine = fakeMachine(t);
    await assert.rejects(
      prepare(machine, { env: { ...machine.env, CXX: 'icpx' } }),
      /that CXX names, 'icpx', is not there/,
    );
  });

  test("an index that pip cannot reach gives pip's last line and the cure", async (t) => {
    const machine = fakeMachine(t);
    const failing = '#!/bin/sh\ncase "$*" in *download*) echo first; echo "ERROR: No route" >&2; exit 1;; esac\n';
    writeFileSync(join(machine.folder, 'bin', 'python3'), failing);
    await assert.rejects(prepare(machine), /could not download tensorflow==0: ERROR: No route\. .*PIP_INDEX_URL/);
  });

  test('too little room names the folder, what is needed, what is free and DUET_CACHE', async (t) => {
    const machine = fakeMachine(t);
    await assert.rejects(
      prepare(machine, { freeBytes: () => Promise.resolve(1.2e9) }),
      (error: Error) => error instanceof EngineError && error.message.includes(join(machine.cache, 'engine')),
    );
    await assert.rejects(
      assertRoom('/x', 'cpu', () => Promise.resolve(1.2e9)),
      /\/x has 1\.2 GB free.* needs 1\.5 GB.*DUET_CACHE/,
    );
    assert.deepEqual(engines(machine), []);
    assert.deepEqual(machine.log(), []);
  });

  test('Windows, and CUDA where TensorFlow has no such build, are refused', () => {
    assert.throws(() => wheelFor('cpu', 'win32', 'x64'), /not built on Windows/);
    assert.throws(() => wheelFor('cuda', 'linux', 'arm64'), /no cuda build of TensorFlow for linux arm64/);
    assert.match(wheelFor('cuda', 'linux', 'x64').sha256 ?? '', /^[0-9a-f]{64}$/);
  });
});

test('a wheel with another hash is refused with both hashes, and deleted', async (t) => {
  const machine = fakeMachine(t);
  machine.go();
  const wheel = { ...machine.wheel, sha256: '0'.repeat(64) };
  const both = new RegExp(`is ${machine.wheel.sha256}, not ${wheel.sha256}`);
  await assert.rejects(
    prepare(machine, { wheel }),
    (error: Error) => error instanceof EngineError && both.test(error.message),
  );
  assert.deepEqual(engines(machine), []);
});

test('the CUDA packages are those of the extra "and-cuda", as ranges that pip takes', () => {
  const metadata = [
    'Requires-Dist: numpy>=1.26.0',
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    "Requires-Dist: nvidia-cudnn-cu12 (<10.0,>=9.3) ; extra == 'and-cuda'",
    'Requires-Dist: tensorflow-io>=0.23; extra == "gcs-filesystem"',
  ];
  assert.deepEqual(cudaRequirements(metadata.join('\n')), [
    'nvidia-cublas-cu12<13.0,>=12.5.3.2',
    'nvidia-cudnn-cu12<10.0,>=9.3',
  ]);
});

describe('several processes', () => {
  test('two at once prepare once: the other waits, says so, and uses it', async (t) => {
    const machine = fakeMachine(t);
    const first = start(machine);
    await first.until('downloading');
    const second = start(machine);
    await second.until('waiting');
    machine.go();
    assert.deepEqual(await Promise.all([first.end(), second.end()]), [0, 0]);
    assert.deepEqual(machine.log(), ['download tensorflow==0', 'compile']);
    assert.deepEqual(second.lines, ['waiting', 'prepared']);
    assert.deepEqual(engines(machine).length, 1);
  });

  test('one killed while preparing leaves nothing that looks finished, and the next cleans up and finishes', async (t) => {
    const machine = fakeMachine(t);
    const killed = start(machine);
    await killed.until('downloading');
    killed.child.kill('SIGKILL');
    await killed.end();
    assert.equal(find(machine), undefined);
    assert.equal(engines(machine).length, 2, 'its lock and its unfinished folder');
    machine.go();
    const { directory } = await prepare(machine);
    assert.deepEqual(
      engines(machine).map((name) => join(machine.cache, 'engine', name)),
      [directory],
    );
  });

  test('an abort kills what runs and leaves nothing', async (t) => {
    const machine = fakeMachine(t);
    const abort = new AbortController();
    const onProgress = () => void waitForLog(machine).then(() => abort.abort());
    await assert.rejects(prepare(machine, { signal: abort.signal, onProgress }), { name: 'AbortError' });
    assert.deepEqual(engines(machine), []);
  });

  test('a lock left by an earlier process with the same id is taken over', async (t) => {
    const machine = fakeMachine(t);
    machine.go();
    const folder = engineFolder(machine.env, 'cpu');
    mkdirSync(join(machine.cache, 'engine'), { recursive: true });
    const { hostname } = await import('node:os');
    writeFileSync(`${folder}.lock`, JSON.stringify([hostname(), process.pid, 'started long ago']));
    assert.equal((await prepare(machine)).directory, folder);
  });
});

/** Until the fake pip has started. */
async function waitForLog(machine: FakeMachine): Promise<void> {
  while (machine.log().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

function start({ env, wheel }: FakeMachine) {
  const file = fileURLToPath(new URL('./prepare-child.js', import.meta.url));
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    process.execPath,
    [file, JSON.stringify({ env, wheel })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const exited = once(child, 'exit');
  return {
    child,
    lines,
    async until(line: string) {
      while (!lines.includes(line)) await once(reader, 'line');
    },
    async end(): Promise<number | null> {
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}
