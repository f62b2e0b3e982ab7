import fc from 'fast-check';
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import {
  CheckpointWriter,
  listCheckpoints,
  retainCheckpoints,
  verifyCheckpoint,
} from '../../../coordinator/run/checkpoints/checkpoints.js';
import { newestGood, newestGoodCheckpoint } from '../../../coordinator/run/checkpoints/resume.js';
import type { RunDirectory } from '../../../coordinator/run/directory.js';
import { Journal, type RunEvent } from '../../../coordinator/run/journal/journal.js';
import { removeLeftovers } from '../../../coordinator/run/leftovers.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import {
  FILES,
  checkpointFile,
  emptyRun,
  stateFile,
  withChanged,
  writeCheckpoint,
} from '../../support/runs/checkpoint.js';
import { ROLES, readJournal } from '../../support/runs/run.js';

/** Looks for the newest good one, where that of step 20 is damaged. @returns the reason why it is passed over */
function passedOver(directory: RunDirectory, what: string): string {
  const reasons: [number, string][] = [];
  const found = newestGood(directory, ROLES, (step, reason) => reasons.push([step, reason]));
  assert.equal(found, 10, `${what}: the one before it`);
  assert.deepEqual(
    reasons.map(([step]) => step),
    [20],
    what,
  );
  return reasons[0]?.[1] ?? '';
}

async function withTwo(then: (directory: RunDirectory) => void): Promise<void> {
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  for (const step of [10, 20]) writeCheckpoint(directory, step);
  assert.equal(
    newestGood(directory, ROLES, () => assert.fail('nothing is damaged yet')),
    20,
  );
  then(directory);
}

test('a bit that changed anywhere in any file is found, its file is named, and the checkpoint before is taken', () =>
  withTwo((directory) => {
    const change = fc.record({ name: fc.constantFrom(...FILES), offset: fc.nat(), bit: fc.nat(7) });
    fc.assert(
      fc.property(change, ({ name, offset, bit }) => {
        const flip = (bytes: Buffer) => {
          const at = offset % bytes.length;
          bytes[at] = (bytes[at] as number) ^ (1 << bit);
          return bytes;
        };
        withChanged(checkpointFile(directory, 20, name), flip, () =>
          assert.ok(passedOver(directory, name).includes(name)),
        );
      }),
      { numRuns: 2000 },
    );
  }));

test('every bit of the manifest counts', () =>
  withTwo((directory) => {
    const path = checkpointFile(directory, 20, 'manifest.json');
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        writeFileSync(path, bytes);
        assert.throws(() => verifyCheckpoint(directory, 20, ROLES), /manifest\.json/, `bit ${bit} of byte ${at}`);
      }
    }
    writeFileSync(path, whole);
    verifyCheckpoint(directory, 20, ROLES);
  }));

test('every truncation, and bytes that follow, are found', () =>
  withTwo((directory) => {
    for (const name of FILES) {
      const path = checkpointFile(directory, 20, name);
      for (let length = 0; length < readFileSync(path).length; length += 7) {
        withChanged(
          path,
          (bytes) => bytes.subarray(0, length),
          () => assert.ok(passedOver(directory, `${name} cut to ${length}`).includes(name)),
        );
      }
      for (const more of ['\n', ' ', '\0', 'x'.repeat(5000)]) {
        withChanged(
          path,
          (bytes) => Buffer.concat([bytes, Buffer.from(more)]),
          () => assert.ok(passedOver(directory, `${name} and more`).includes(name)),
        );
      }
    }
    withChanged(
      checkpointFile(directory, 20, 'manifest.json'),
      () => Buffer.alloc(2 << 20, ' '),
      () => assert.match(passedOver(directory, 'a manifest of 2 MiB'), /manifest\.json has 2097152 bytes/),
    );
  }));

test('a missing file, a folder in its place, and files that changed places are found', () =>
  withTwo((directory) => {
    const at = (step: number, name: string) => checkpointFile(directory, step, name);
    const aside = at(20, 'aside');
    for (const name of FILES) {
      renameSync(at(20, name), aside);
      assert.ok(passedOver(directory, `no ${name}`).includes(name));
      mkdirSync(at(20, name));
      assert.ok(passedOver(directory, `${name} is a folder`).includes(name));
      rmSync(at(20, name), { recursive: true });
      // The same file of the step before: whole, of the same role and the same length.
      cpSync(at(10, name), at(20, name));
      assert.ok(passedOver(directory, `${name} of step 10`).includes(name));
      rmSync(at(20, name));
      renameSync(aside, at(20, name));
    }
    const [one, other] = [at(20, 'generator-1.safetensors'), at(20, 'generator-2.safetensors')];
    const swap = () => {
      for (const [from, to] of [
        [one, aside],
        [other, one],
        [aside, other],
      ] as const)
        renameSync(from, to);
    };
    swap();
    assert.match(passedOver(directory, 'two generators swapped'), /generator-1\.safetensors is damaged/);
    swap();
    const [folder, elsewhere] = [at(20, '.'), at(30, '.')];
    renameSync(folder, elsewhere);
    assert.throws(() => verifyCheckpoint(directory, 30, ROLES), /manifest\.json is that of step 20/);
    assert.throws(() => verifyCheckpoint(directory, 10, [...ROLES, 'generator-3']), /has no generator-3/);
  }));

test('a manifest without a sha256 of its own is that of an earlier version, and says so', () =>
  withTwo((directory) => {
    const without = (bytes: Buffer) => {
      const { sha256: _, ...rest } = JSON.parse(bytes.toString()) as Record<string, unknown>;
      return Buffer.from(`${JSON.stringify(rest, null, 2)}\n`);
    };
    withChanged(checkpointFile(directory, 20, 'manifest.json'), without, () =>
      assert.match(passedOver(directory, 'an old manifest'), /no sha256 of its own: an earlier version/),
    );
  }));

test('when none is whole a run is not resumed', () =>
  withTwo((directory) => {
    const journal = new Journal(directory);
    assert.equal(newestGoodCheckpoint(directory, journal, ROLES), 20);
    for (const step of [10, 20]) rmSync(checkpointFile(directory, step, 'discriminator.safetensors'));
    assert.throws(() => newestGoodCheckpoint(directory, journal, ROLES), UsageError);
    assert.equal(
      newestGood(directory, ROLES, () => {}),
      undefined,
    );
    const named = readJournal<RunEvent>(directory.path, 'events.jsonl').flatMap((e) =>
      e.event === 'checkpoint-passed-over' ? [e.step] : [],
    );
    assert.deepEqual(named, [20, 10], 'the newest first');
  }));

test('the newest stay, those of every so many steps, and those that are needed', async () => {
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  for (let step = 10; step <= 100; step += 10) writeCheckpoint(directory, step);
  retainCheckpoints(directory, { keepCheckpoints: 2, keepEvery: 40 }, [10, 50]);
  assert.deepEqual(listCheckpoints(directory), [10, 40, 50, 80, 90, 100]);
  retainCheckpoints(directory, { keepCheckpoints: 1, keepEvery: 0 }, [50]);
  assert.deepEqual(listCheckpoints(directory), [50, 100]);
  assert.deepEqual(readdirSync(directory.file('checkpoints')).sort(), ['step-000050', 'step-000100']);
});

test('a replayed step leaves a whole checkpoint of the same bits alone, and replaces a damaged one', () =>
  withTwo((directory) => {
    const path = checkpointFile(directory, 20, 'generator-1.safetensors');
    writeFileSync(checkpointFile(directory, 20, 'mark'), '');
    writeCheckpoint(directory, 20);
    assert.ok(existsSync(checkpointFile(directory, 20, 'mark')), 'the very same folder');
    writeFileSync(path, 'damaged');
    writeCheckpoint(directory, 20);
    assert.deepEqual(readFileSync(path), Buffer.from(stateFile('generator-1', 20)));
    assert.ok(!existsSync(checkpointFile(directory, 20, 'mark')));
    assert.deepEqual(readdirSync(directory.file('checkpoints')).sort(), ['step-000010', 'step-000020']);
  }));

test('the last chunk of an upload that was given up does no harm to the one that takes its place', () =>
  withTwo((directory) => {
    const bytes = stateFile('generator-1', 30);
    const first = new CheckpointWriter(directory, 30, ROLES);
    const late = first.receive('generator-1', bytes.length);
    late.write(bytes.subarray(0, 8));
    first.discard();
    const second = new CheckpointWriter(directory, 30, ROLES);
    for (const role of ROLES) {
      const state = stateFile(role, 30);
      const file = second.receive(role, state.length);
      file.write(state);
      file.finish();
      if (role === 'generator-1') late.abandon();
    }
    second.publish();
    verifyCheckpoint(directory, 30, ROLES);
  }));

test('what a killed coordinator left half-written goes when the run is opened, and nothing else', () =>
  withTwo((directory) => {
    writeCheckpoint(directory, 30, ['discriminator']);
    const [half = ''] = readdirSync(directory.file('checkpoints')).filter((name) => name.startsWith('.step-000030.'));
    assert.match(half, /\.tmp$/);
    cpSync(directory.file('checkpoints', 'step-000010'), directory.file('checkpoints', '.step-000005.old.tmp'), {
      recursive: true,
    });
    const left = ['.run.json.4711.tmp', 'samples/.step-000020.png.4711.tmp', 'export/g/.model.json.12.tmp'];
    const stays = ['.env', 'notes.tmp', 'samples/.keep', '.step-x.tmp', 'logs/worker.log'];
    mkdirSync(directory.file('export', 'g'), { recursive: true });
    for (const name of [...left, ...stays]) writeFileSync(directory.file(name), 'x');
    assert.deepEqual(
      removeLeftovers(directory).sort(),
      ['checkpoints/.step-000005.old.tmp', join('checkpoints', half), ...left]
        .map((name) => directory.file(name))
        .sort(),
    );
    for (const name of stays) assert.ok(existsSync(directory.file(name)), name);
    assert.deepEqual(readdirSync(directory.file('checkpoints')).sort(), ['step-000010', 'step-000020']);
    assert.deepEqual(listCheckpoints(directory), [10, 20]);
    assert.deepEqual(removeLeftovers(directory), []);
  }));
