/** What every run store promises; a NATS store is a real nats-server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LeaseLostError, UsageError } from '../../../common/errors.js';
import {
  discardCheckpoint,
  dropCheckpointsAfter,
  retainCheckpoints,
} from '../../../coordinator/run/checkpoints/checkpoints.js';
import type { RunDirectory } from '../../../coordinator/run/directory.js';
import { Journal } from '../../../coordinator/run/journal/journal.js';
import { fileStore } from '../../../coordinator/store/file/file-store.js';
import type { RunStore } from '../../../coordinator/store/run-store.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { writeCheckpoint } from '../../support/runs/checkpoint.js';
import { OLDEST, startNatsServer } from '../../support/stores/nats-server.js';
import { QUIET, TAKE_OVER, contentOf, copyOf, lossOf, natsStore, settle } from '../../support/stores/store.js';

const OWNER = fileURLToPath(new URL('../../support/stores/store-owner.js', import.meta.url));

interface Place extends AsyncDisposable {
  path: string;
  /** As --store names it. */
  url: string;
  /** That of one more coordinator. */
  store(): Promise<RunStore>;
  /** Where one more coordinator works on the run. */
  directory(): RunDirectory;
}

async function filePlace(): Promise<Place> {
  const scratch = scratchFolder();
  return await Promise.resolve({
    path: scratch.path,
    url: 'file',
    store: () => Promise.resolve(fileStore(join(scratch.path, 'runs'))),
    directory: () => copyOf(scratch.path, 'run', 'runs'),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  });
}

async function natsPlace(version?: string): Promise<Place> {
  const scratch = scratchFolder();
  const server = await startNatsServer(scratch, version === undefined ? {} : { version });
  const stores: RunStore[] = [];
  let copies = 0;
  return {
    path: scratch.path,
    url: server.url,
    async store() {
      const store = await natsStore(server.url);
      stores.push(store);
      return store;
    },
    directory: () => copyOf(scratch.path, 'run', `copy-${(copies += 1)}`),
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** A run with everything in it, some of it changed later. */
function work(directory: RunDirectory): void {
  const journal = new Journal(directory);
  directory.writeJson('config.json', { id: 'run', text: 'ä\u2028€' });
  directory.writeJson('run.json', { state: 'running' });
  journal.event({ event: 'training-began', epoch: 1, step: 0 });
  for (const step of [1, 2, 3, 4, 5, 6]) {
    directory.append('metrics.jsonl', { step, loss: 0.1 + step });
    if (step % 2 === 0) writeCheckpoint(directory, step);
  }
  directory.append('quality.jsonl', { step: 4, kid: 0.5 });
  directory.writeJson('best.json', { step: 4 });
  directory.writePicture('samples/step-000004.png', Uint8Array.of(0x89, 0x50, 0, 255));
}

/** Changes of every kind. */
const CHANGES: Readonly<Record<string, (directory: RunDirectory) => void>> = {
  'a line': (directory) => directory.append('metrics.jsonl', { step: 7 }),
  'an event': (directory) => new Journal(directory).event({ event: 'training-began', epoch: 2, step: 6 }),
  'a rewind': (directory) => new Journal(directory).rewind(2),
  'a document': (directory) => directory.writeJson('run.json', { state: 'late' }),
  'a document that goes': (directory) => directory.removeDocument('best.json'),
  'a checkpoint': (directory) => void writeCheckpoint(directory, 8),
  'a checkpoint that goes': (directory) => discardCheckpoint(directory, 6),
  'a picture': (directory) => directory.writePicture('samples/step-000006.png', Uint8Array.of(1)),
};

for (const [name, open] of [
  ['file', filePlace],
  ['NATS', natsPlace],
] as const) {
  describe(`the ${name} store`, () => {
    test('has a run once its config is written', async () => {
      await using place = await open();
      const store = await place.store();
      assert.equal(await store.has('run'), false);
      const directory = place.directory();
      await using run = await store.open(directory, QUIET);
      assert.equal(await store.has('run'), false);
      work(directory);
      await settle(run);
      assert.equal(await store.has('run'), true);
      assert.equal(await store.has('another'), false);
      assert.deepEqual(run.lag, { writes: 0, seconds: 0, reason: '' });
    });

    test('keeps a second coordinator away, and names the first', async () => {
      await using place = await open();
      const directory = place.directory();
      await using first = await (await place.store()).open(directory, QUIET);
      work(directory);
      await settle(first);
      const second = await place.store();
      await assert.rejects(second.open(place.directory(), QUIET), (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.match(
          error.message,
          new RegExp(`a coordinator \\(.*/${process.pid}, since .*is at work on .*--take-over`),
        );
        return true;
      });
      first.lease.assertHeld();
    });

    test('gives every coordinator a higher term, and a released lease at once', async () => {
      await using place = await open();
      for (const term of [1, 2, 3]) {
        const directory = place.directory();
        await using run = await (await place.store()).open(directory, QUIET);
        assert.equal(run.lease.term, term);
        if (term === 1) work(directory);
        await settle(run);
      }
    });

    test('gives the lease of a process that was killed', async () => {
      await using place = await open();
      const child = spawn(process.execPath, [OWNER, place.url, place.directory().path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      assert.equal(said.toString(), 'term 1\n');
      const store = await place.store();
      await assert.rejects(store.open(place.directory(), QUIET), new RegExp(`/${child.pid}, since`));
      child.kill('SIGKILL');
      await once(child, 'close');
      const directory = place.directory();
      await using run = await store.open(directory, QUIET);
      assert.equal(run.lease.term, 2);
      assert.deepEqual(JSON.parse(readFileSync(directory.file('config.json'), 'utf8')), { by: child.pid });
    });

    for (const [kind, change] of Object.entries(CHANGES)) {
      test(`lets nothing of an earlier coordinator through: ${kind}`, async () => {
        await using place = await open();
        const [early, late] = [place.directory(), place.directory()];
        await using first = await (await place.store()).open(early, QUIET);
        work(early);
        await settle(first);
        const second = await (await place.store()).open(late, TAKE_OVER);
        assert.equal(second.lease.term, 2);
        late.append('metrics.jsonl', { step: 7, by: 2 });
        await settle(second);
        const whole = contentOf(late);
        try {
          change(early);
        } catch (error) {
          assert.ok(error instanceof LeaseLostError);
        }
        const loss = await lossOf(first);
        assert.ok(loss instanceof LeaseLostError);
        assert.match(loss.message, new RegExp(`another coordinator \\(.*/${process.pid}\\) took this run over at`));
        assert.throws(() => change(early), LeaseLostError);
        await assert.rejects(
          (async () => {
            await first.settled(AbortSignal.timeout(10_000));
            first.lease.assertHeld();
          })(),
          LeaseLostError,
        );
        await second[Symbol.asyncDispose]();
        const again = place.directory();
        await using _third = await (await place.store()).open(again, QUIET);
        assert.deepEqual(contentOf(again), whole);
      });
    }

    test('gives the next coordinator the same bytes: after rewinds, removals and rewrites, too', async () => {
      await using place = await open();
      const store = await place.store();
      let known: Record<string, string> | undefined;
      const steps: ((directory: RunDirectory) => void)[] = [
        work,
        ...Object.values(CHANGES),
        (directory) => retainCheckpoints(directory, { keepCheckpoints: 1, keepEvery: 0 }),
        (directory) => {
          dropCheckpointsAfter(directory, 0);
          new Journal(directory).rewind(0);
          writeCheckpoint(directory, 6);
        },
        (directory) => directory.writePicture('samples/step-000004.png', Uint8Array.of(7, 7)),
      ];
      for (const step of steps) {
        const directory = place.directory();
        await using run = await store.open(directory, QUIET);
        if (known !== undefined) assert.deepEqual(contentOf(directory), known);
        step(directory);
        known = contentOf(directory);
        await settle(run);
      }
      assert.ok(known);
      assert.ok('checkpoints/step-000006/manifest.json' in known);
    });

    test('goes on in a directory in which the last coordinator had died in mid-line', async () => {
      await using place = await open();
      const store = await place.store();
      const directory = place.directory();
      {
        await using run = await store.open(directory, QUIET);
        work(directory);
        await settle(run);
      }
      writeFileSync(directory.file('events.jsonl'), '{"time":"2026', { flag: 'a' });
      {
        await using run = await store.open(directory, QUIET);
        new Journal(directory).event({ event: 'training-began', epoch: 3, step: 6 });
        await settle(run);
      }
      const again = place.directory();
      await using _run = await store.open(again, QUIET);
      assert.deepEqual(contentOf(again), contentOf(directory));
    });
  });
}

test('works with servers from 2.10', async () => {
  await using place = await natsPlace(OLDEST);
  const directory = place.directory();
  {
    await using run = await (await place.store()).open(directory, QUIET);
    work(directory);
    for (const change of Object.values(CHANGES)) change(directory);
    await settle(run);
  }
  const again = place.directory();
  await using _run = await (await place.store()).open(again, QUIET);
  assert.deepEqual(contentOf(again), contentOf(directory));
  assert.equal(dirname(again.path) === dirname(directory.path), false);
});
