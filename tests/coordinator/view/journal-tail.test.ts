import assert from 'node:assert/strict';
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JournalTail } from '../../../coordinator/view/journal-tail.js';
import { scratchFolder } from '../../support/machine/scratch.js';

/** All that one call brings; `|` where it says that the file began anew. */
async function next(tail: JournalTail): Promise<string[]> {
  const told: string[] = [];
  for await (const { restarted, lines } of tail.read()) told.push(...(restarted ? ['|'] : []), ...lines);
  return told;
}

test('a journal that grows is told line by line, each once, and a half-written line only when it is whole', async () => {
  await using scratch = scratchFolder();
  const path = join(scratch.path, 'metrics.jsonl');
  const tail = new JournalTail(path);
  assert.deepEqual(await next(tail), [], 'no file yet');
  appendFileSync(path, 'a\nb');
  assert.deepEqual(await next(tail), ['a']);
  assert.deepEqual(await next(tail), []);
  // Half a character of two bytes, too.
  const [first = 0, second = 0] = Buffer.from('é');
  appendFileSync(path, Buffer.from([first]));
  assert.deepEqual(await next(tail), []);
  appendFileSync(path, Buffer.from([second, 10]));
  appendFileSync(path, 'c\n');
  assert.deepEqual(await next(tail), ['bé', 'c']);
});

test('a journal that was replaced, cut short or removed is told anew, and that it is', async () => {
  await using scratch = scratchFolder();
  const path = join(scratch.path, 'metrics.jsonl');
  const tail = new JournalTail(path);
  writeFileSync(path, '1\n2\n3\n');
  assert.deepEqual(await next(tail), ['1', '2', '3']);
  // As Journal.rewind does it; the new file is longer than what was read of the old one.
  writeFileSync(`${path}.tmp`, '1\n2\nx\ny\nz\n');
  renameSync(`${path}.tmp`, path);
  assert.deepEqual(await next(tail), ['|', '1', '2', 'x', 'y', 'z']);
  truncateSync(path, 2);
  assert.deepEqual(await next(tail), ['|', '1']);
  // The same file, written over with other lines of the same length and more.
  writeFileSync(path, '7\n8\n');
  assert.deepEqual(await next(tail), ['|', '7', '8']);
  rmSync(path);
  assert.deepEqual(await next(tail), ['|']);
  assert.deepEqual(await next(tail), []);
});

test('a long journal comes in pieces of bounded size, and what has no end of line is passed over', async () => {
  await using scratch = scratchFolder();
  const path = join(scratch.path, 'metrics.jsonl');
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ${'x'.repeat(i % 40)}`);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  const tail = new JournalTail(path);
  const told: string[] = [];
  for await (const batch of tail.read()) {
    assert.ok(batch.lines.join('\n').length <= (64 << 10) + 64, 'a piece');
    told.push(...batch.lines);
  }
  assert.deepEqual(told, lines);
  appendFileSync(path, Buffer.alloc(6 << 20, 'y'));
  assert.deepEqual(await next(tail), []);
  appendFileSync(path, 'yy\nafter\n');
  assert.deepEqual(await next(tail), ['after']);
});
