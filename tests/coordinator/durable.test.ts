import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { emptyRun, writeCheckpoint } from '../support/checkpoint.js';
import { scratchFolder } from '../support/scratch.js';

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
