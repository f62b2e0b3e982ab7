import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { whenFree } from '../../../common/process/when-free.js';
import { scratchFolder } from '../../support/machine/scratch.js';

/** Fails so many times with this code, then gives 'done'. */
function held(code: string, times: number) {
  const tries = { made: 0 };
  const act = () => {
    tries.made += 1;
    if (tries.made <= times) throw Object.assign(new Error(`${code}: held`), { code });
    return 'done';
  };
  return { act, tries };
}

test('in Windows a file that somebody holds open for a moment is waited for, longer each time', () => {
  for (const code of ['EPERM', 'EACCES', 'EBUSY', 'ENOTEMPTY']) {
    const { act, tries } = held(code, 6);
    const pauses: number[] = [];
    assert.equal(whenFree(act, { platform: 'win32', pause: (ms) => pauses.push(ms) }), 'done', code);
    assert.equal(tries.made, 7);
    assert.deepEqual(pauses, [10, 20, 40, 80, 160, 200]);
  }
});

test('one that stays held is an error after some two seconds, the last one', () => {
  const { act } = held('EPERM', Infinity);
  let waited = 0;
  assert.throws(() => whenFree(act, { platform: 'win32', pause: (ms) => void (waited += ms) }), { code: 'EPERM' });
  assert.ok(waited >= 2000 && waited < 2500, `${waited} ms`);
});

test('elsewhere, and for any other error, nothing is tried twice', () => {
  for (const [platform, code] of [
    ['linux', 'EPERM'],
    ['darwin', 'EBUSY'],
    ['win32', 'ENOENT'],
    ['win32', 'ENOSPC'],
  ] as const) {
    const { act, tries } = held(code, 1);
    assert.throws(() => whenFree(act, { platform, pause: () => assert.fail(`${platform} ${code}`) }), { code });
    assert.equal(tries.made, 1);
  }
});

interface Mover {
  move(from: string, to: string, platform?: string): Promise<void>;
}

test('the build is moved into place once whoever reads it has done, and never over another one', async () => {
  await using scratch = scratchFolder();
  const { move } = (await import(new URL('../../../../scripts/move.js', import.meta.url).href)) as Mover;
  const at = (name: string) => join(scratch.path, name);
  // Until its parent is there nothing can be moved there: an error that goes away, as Windows' do.
  mkdirSync(at('built'));
  const moved = move(at('built'), join(at('later'), 'dist'), 'win32');
  setTimeout(() => mkdirSync(at('later')), 150);
  await moved;
  assert.deepEqual([existsSync(at('built')), readdirSync(at('later'))], [false, ['dist']]);

  mkdirSync(at('again'));
  writeFileSync(join(at('later'), 'dist', 'file'), '');
  await assert.rejects(move(at('again'), join(at('later'), 'dist'), 'win32'), { code: 'ENOTEMPTY' });
  await assert.rejects(move(at('again'), join(at('nowhere'), 'dist'), 'linux'), { code: 'ENOENT' });
});
