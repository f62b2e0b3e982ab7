import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LeaseLostError, UsageError } from '../../../../common/errors.js';
import { processSpace, startOf } from '../../../../common/process/process-stat.js';
import { leaseFile, newestLease } from '../../../../coordinator/store/file/lease-file.js';
import { isAtWork } from '../../../../coordinator/store/file/lease-owner.js';
import { acquireLease } from '../../../../coordinator/store/file/lease.js';
import type { LeaseRecord } from '../../../../coordinator/store/owner.js';
import { scratchFolder } from '../../../support/machine/scratch.js';
import { until } from '../../../support/runs/run.js';

const quiet = { takeOver: false, waiting: () => {} };
const names = (folder: string) => readdirSync(folder, { encoding: 'utf8' }).sort();

function leaseOf(change: Partial<LeaseRecord>): string {
  const record: LeaseRecord = {
    term: 3,
    host: hostname(),
    pid: process.pid,
    started: startOf(process.pid),
    space: processSpace(),
    since: '2026-01-01T00:00:00.000Z',
    ...change,
  };
  return JSON.stringify(record);
}

test('the term grows by one with every owner, and survives the release', async () => {
  await using scratch = scratchFolder();
  for (const term of [1, 2, 3]) {
    const lease = await acquireLease(scratch.path, quiet);
    assert.equal(lease.term, term);
    lease.assertHeld();
    lease[Symbol.dispose]();
    assert.deepEqual(names(scratch.path), [`lease.${term}.json`]);
    assert.ok(newestLease(scratch.path)?.record?.released);
  }
});

test('a living owner is named, with what to do; nothing changes', async () => {
  await using scratch = scratchFolder();
  using lease = await acquireLease(scratch.path, quiet);
  await assert.rejects(acquireLease(scratch.path, quiet), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, new RegExp(`${hostname()}/${process.pid}, since 20.*kill ${process.pid}.*--take-over`));
    return true;
  });
  assert.deepEqual(names(scratch.path), ['lease.1.json']);
  lease.assertHeld();
});

test('of many who want it at once, one gets it', async () => {
  await using scratch = scratchFolder();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLease(scratch.path, quiet)));
  const got = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  assert.equal(got.length, 1);
  got[0]?.[Symbol.dispose]();
});

test('of many processes that want a dead one’s run at the same moment, one gets it, twenty times over', async () => {
  await using scratch = scratchFolder();
  const program = `
    const { acquireLease } = await import(${JSON.stringify(new URL('../../../../coordinator/store/file/lease.js', import.meta.url).href)});
    process.stdout.write('ready\\n');
    for await (const line of (await import('node:readline')).createInterface({ input: process.stdin })) {
      try {
        const lease = await acquireLease(line, { takeOver: false, waiting() {} });
        process.stdout.write('got ' + lease.term + '\\n');
      } catch (error) {
        process.stdout.write('refused ' + error.exitCode + '\\n');
      }
    }`;
  const racers = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
    return { child, lines };
  });
  try {
    await until('all to be ready', () => racers.every(({ lines }) => lines.length === 1));
    for (let round = 1; round <= 20; round += 1) {
      const folder = join(scratch.path, String(round));
      scratch.write(join(String(round), 'lease.3.json'), leaseOf({ pid: 2 ** 22 + 1, started: '5' }));
      for (const { child } of racers) child.stdin.write(`${folder}\n`);
      await until('all answers', () => racers.every(({ lines }) => lines.length === round + 1));
      const answers = racers.map(({ lines }) => lines.at(-1)).sort();
      assert.deepEqual(answers, ['got 4', 'refused 2', 'refused 2', 'refused 2'], `round ${round}`);
      assert.deepEqual(names(folder), ['lease.4.json']);
    }
  } finally {
    for (const { child } of racers) child.kill('SIGKILL');
  }
});

test('the owner from whom it was taken notices at its next look, and by itself, and says who has it', async () => {
  await using scratch = scratchFolder();
  using first = await acquireLease(scratch.path, quiet);
  using second = await acquireLease(scratch.path, { ...quiet, takeOver: true });
  assert.equal(second.term, 2);
  assert.throws(
    () => first.assertHeld(),
    (error: Error) => {
      assert.ok(error instanceof LeaseLostError);
      assert.equal(error.exitCode, 1);
      assert.match(
        error.message,
        new RegExp(
          `^another coordinator \\(${hostname()}/${process.pid}\\) took this run over at 20.*writes nothing more$`,
        ),
      );
      return true;
    },
  );
  second.assertHeld();
  using third = await acquireLease(scratch.path, { ...quiet, takeOver: true });
  assert.equal(await until('the beat of the second to notice', () => second.lost.aborted), true);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
  third.assertHeld();
  assert.deepEqual(names(scratch.path), ['lease.3.json']);
});

test('a dead owner’s lease is taken at once: of an ended process, and of an id that another process has by now', async () => {
  await using scratch = scratchFolder();
  const child = spawn('true');
  await once(child, 'exit');
  for (const dead of [{ pid: child.pid ?? 0 }, { started: '1' }]) {
    writeFileSync(leaseFile(scratch.path, 3), leaseOf(dead));
    const lease = await acquireLease(scratch.path, {
      ...quiet,
      waiting: () => assert.fail('it need not be waited for'),
    });
    assert.equal(lease.term, 4);
    lease[Symbol.dispose]();
    rmSync(leaseFile(scratch.path, 4));
  }
});

test('an owner on another host, or in another container of this name, lives when it is seen to renew its lease', async () => {
  await using scratch = scratchFolder();
  for (const elsewhere of [
    { host: 'elsewhere', pid: 7 },
    { space: 'another', pid: 7, started: '1' },
  ]) {
    const file = leaseFile(scratch.path, 3);
    writeFileSync(file, leaseOf(elsewhere));
    // Its clock is years behind: only that the time moves counts.
    const renew = () => utimesSync(file, new Date(), new Date(1_000_000));
    await assert.rejects(
      acquireLease(scratch.path, { ...quiet, waiting: () => setImmediate(renew) }),
      /is at work on .*: wait for its end, or stop it \(kill 7\)/,
    );
    using taken = await acquireLease(scratch.path, { ...quiet, takeOver: true });
    assert.equal(taken.term, 4);
    rmSync(leaseFile(scratch.path, 4));
  }
});

test('an owner on another host that stays silent is dead', async () => {
  await using scratch = scratchFolder();
  writeFileSync(leaseFile(scratch.path, 3), leaseOf({ host: 'elsewhere' }));
  const found = newestLease(scratch.path) ?? assert.fail();
  const said: string[] = [];
  assert.equal(await isAtWork(found, (text) => said.push(text), 600), false);
  assert.match(
    said.join(),
    /^looking whether the coordinator elsewhere\/\d+ still drives this run \(at most 0\.6 s\)$/,
  );
});

test('a lease that is released while another host is looking is taken', async () => {
  await using scratch = scratchFolder();
  const file = leaseFile(scratch.path, 3);
  writeFileSync(file, leaseOf({ host: 'elsewhere' }));
  const release = () => {
    writeFileSync(`${file}.new`, leaseOf({ host: 'elsewhere', released: '2026-01-01T00:00:01.000Z' }));
    renameSync(`${file}.new`, file);
  };
  using lease = await acquireLease(scratch.path, { ...quiet, waiting: () => setImmediate(release) });
  assert.equal(lease.term, 4);
});

test('a lease file that cannot be read still counts: its name gives the term', async () => {
  await using scratch = scratchFolder();
  writeFileSync(leaseFile(scratch.path, 41), '{"te');
  using lease = await acquireLease(scratch.path, { ...quiet, takeOver: true });
  assert.equal(lease.term, 42);
});

test('a lease that is gone when it is read is no riddle to wait for: the one that came after it is read', async (t) => {
  await using scratch = scratchFolder();
  const [earlier, later] = [leaseFile(scratch.path, 3), leaseFile(scratch.path, 4)];
  writeFileSync(earlier, leaseOf({ pid: 2 ** 22 + 1 }));
  const list = fs.readdirSync;
  t.after(() => {
    fs.readdirSync = list;
    syncBuiltinESMExports();
  });
  fs.readdirSync = ((...args: Parameters<typeof list>) => {
    const found = list(...args);
    // Between the two looks of this process another one takes the run.
    writeFileSync(later, leaseOf({ term: 4 }));
    rmSync(earlier, { force: true });
    return found;
  }) as typeof list;
  syncBuiltinESMExports();
  assert.deepEqual([newestLease(scratch.path)?.term, newestLease(scratch.path)?.record?.term], [4, 4]);
});

test('without its file a lease is lost, whoever took it away', async () => {
  await using scratch = scratchFolder();
  using lease = await acquireLease(scratch.path, quiet);
  rmSync(leaseFile(scratch.path, 1));
  assert.throws(() => lease.assertHeld(), /the lease of this run .* is gone/);
  writeFileSync(leaseFile(scratch.path, 1), 'back again');
  assert.throws(() => lease.assertHeld(), /is gone/, 'lost once is lost');
});
