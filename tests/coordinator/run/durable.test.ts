import assert from 'node:assert/strict';
import fs, { readdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { verifyCheckpoint } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { emptyRun, writeCheckpoint } from '../../support/runs/checkpoint.js';

/** What is done to the disk while `then` runs, in order: 'sync NAME' and 'rename FROM TO'. */
function diskCalls(then: () => void): string[] {
  const calls: string[] = [];
  const { openSync, fsyncSync, renameSync } = fs;
  const names = new Map<number, string>();
  fs.openSync = (path, ...rest) => {
    const file = openSync(path, ...rest);
    names.set(file, basename(String(path)));
    return file;
  };
  fs.fsyncSync = (file) => {
    calls.push(`sync ${names.get(file)}`);
    fsyncSync(file);
  };
  fs.renameSync = (from, to) => {
    calls.push(`rename ${basename(String(from))} ${basename(String(to))}`);
    renameSync(from, to);
  };
  syncBuiltinESMExports();
  try {
    then();
  } finally {
    Object.assign(fs, { openSync, fsyncSync, renameSync });
    syncBuiltinESMExports();
  }
  return calls;
}

test('a power cut loses no published checkpoint: files, then their folder, then the name of the folder are synced', async () => {
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  assert.deepEqual(
    diskCalls(() => writeCheckpoint(directory, 10)),
    [
      'sync discriminator.safetensors',
      'sync generator-1.safetensors',
      'sync generator-2.safetensors',
      `sync .manifest.json.${process.pid}.tmp`,
      `rename .manifest.json.${process.pid}.tmp manifest.json`,
      'sync .step-000010.1.tmp',
      'rename .step-000010.1.tmp step-000010',
      'sync checkpoints',
    ],
  );
});

test('a file that is written whole lasts, and the folder of a new run', async () => {
  await using scratch = scratchFolder();
  const calls = diskCalls(() => emptyRun(join(scratch.path, 'runs', 'one')));
  assert.deepEqual(calls, [
    'sync one',
    'sync runs',
    `sync ${basename(scratch.path)}`,
    `sync .config.json.${process.pid}.tmp`,
    `rename .config.json.${process.pid}.tmp config.json`,
    'sync one',
  ]);
});

test('in Windows a checkpoint replaces a damaged one though a scanner reads its files, and no folder can be synced', async (t) => {
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  writeCheckpoint(directory, 10);
  writeFileSync(directory.file('checkpoints', 'step-000010', 'generator-1.safetensors'), 'damaged');
  const { renameSync, rmSync, fsyncSync } = fs;
  const { platform } = process;
  t.after(() => {
    Object.assign(fs, { renameSync, rmSync, fsyncSync });
    Object.defineProperty(process, 'platform', { value: platform });
    syncBuiltinESMExports();
  });
  Object.defineProperty(process, 'platform', { value: 'win32' });
  const refused = { rename: 0, remove: 0, sync: 0 };
  /** Every name is refused twice, and then no more. */
  const held = new Map<string, number>();
  const refuse = (kind: keyof typeof refused, path: unknown, code: string) => {
    const tries = (held.get(`${kind} ${String(path)}`) ?? 0) + 1;
    held.set(`${kind} ${String(path)}`, tries);
    if (tries > 2) return;
    refused[kind] += 1;
    throw Object.assign(new Error(`${code}: ${kind} ${String(path)}`), { code });
  };
  fs.renameSync = (from, to) => {
    refuse('rename', from, 'EPERM');
    renameSync(from, to);
  };
  fs.rmSync = (path, options) => {
    if (String(path).endsWith('.old.tmp')) refuse('remove', path, 'ENOTEMPTY');
    rmSync(path, options);
  };
  fs.fsyncSync = (file) => {
    if (!fs.fstatSync(file).isDirectory()) return fsyncSync(file);
    refused.sync += 1;
    throw Object.assign(new Error('EPERM: operation not permitted, fsync'), { code: 'EPERM' });
  };
  syncBuiltinESMExports();
  writeCheckpoint(directory, 10);
  verifyCheckpoint(directory, 10, ['discriminator', 'generator-1', 'generator-2']);
  // The manifest, the damaged checkpoint, and the new one.
  assert.deepEqual(refused, { rename: 6, remove: 2, sync: 2 });
  assert.deepEqual(readdirSync(directory.file('checkpoints')), ['step-000010']);
});
