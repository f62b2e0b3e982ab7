import fc from 'fast-check';
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import type { About } from '../../../coordinator/export-page/about.js';
import { pageDocument } from '../../../coordinator/export-page/document.js';
import { gridLayout } from '../../../coordinator/export-page/grid-layout.js';
import { modelScript } from '../../../coordinator/export-page/model-script.js';
import { newest } from '../../../coordinator/export-page/newest.js';
import { typedSeed } from '../../../coordinator/export-page/seed.js';
import { scratchFolder } from '../../support/machine/scratch.js';

test('a grid fills its room: its canvas is as wide as the screen shows it, by less than a pixel a sample more', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 64, 256),
      fc.integer({ min: 16, max: 128 }),
      fc.integer({ min: 250, max: 2000 }),
      fc.constantFrom(1, 1.5, 2, 3),
      (count, side, room, density) => {
        const { columns, scale, gap, width, height } = gridLayout({ count, shape: [side, side, 1], room, density });
        assert.equal(count % columns, 0, 'no row has a hole');
        assert.equal(width, columns * (side * scale + gap) - gap);
        assert.equal(height, (count / columns) * (side * scale + gap) - gap);
        assert.ok(width >= room * density || columns === 1);
        assert.ok(width < room * density + columns * side || scale === 1);
      },
    ),
  );
});

test('digits: eight beside each other on a telephone, sixteen where there is room for large ones', () => {
  const columns = (room: number) => gridLayout({ count: 64, shape: [28, 28, 1], room, density: 2 }).columns;
  assert.deepEqual([columns(250), columns(313), columns(588), columns(1200)], [4, 8, 8, 16]);
});

test('a seed is a whole number that a run could have, and nothing else', () => {
  assert.deepEqual(typedSeed(' 7 '), { seed: 7 });
  assert.deepEqual(typedSeed('9007199254740991'), { seed: Number.MAX_SAFE_INTEGER });
  for (const text of ['-1', '1.5', '1e3', '0x10', 'seven', '9007199254740992', '१']) {
    const typed = typedSeed(text);
    assert.ok(
      'problem' in typed && typed.problem.includes(`“${text}” is no seed: type a whole number from 0 to`),
      text,
    );
  }
  assert.match(JSON.stringify(typedSeed('')), /A seed is missing: type a whole number/);
  assert.ok(JSON.stringify(typedSeed('x'.repeat(10_000))).length < 200);
});

test('of what is asked for while it works, only the newest is done, and it rests after that', async () => {
  const [done, frames, finish]: [number[], (() => void)[], (() => void)[]] = [[], [], []];
  let rests = 0;
  const work = newest<number>(
    (value) => new Promise((resolve) => finish.push(() => resolve(void done.push(value)))),
    (next) => frames.push(next),
    () => (rests += 1),
  );
  const frame = () => frames.shift()?.();
  const finished = async () => {
    finish.shift()?.();
    await Promise.resolve();
  };
  work.ask(1);
  work.ask(2);
  assert.equal(frames.length, 1, 'one frame, however often it was asked');
  frame();
  for (const value of [3, 4, 5]) work.ask(value);
  assert.equal(finish.length, 1, 'one at a time');
  await finished();
  frame();
  await finished();
  assert.deepEqual(done, [2, 5]);
  assert.equal(rests, 0);
  frame();
  assert.equal(rests, 1);
  work.ask(6);
  frame();
  await finished();
  assert.deepEqual(done, [2, 5, 6]);
});

const about: About = {
  run: 'first',
  system: 'pggan',
  data: 'mnist',
  step: 1500,
  seed: 1,
  generators: ['generator-1', 'generator-2'],
  latent: 100,
  shape: [28, 28, 1],
  centres: [],
};

test('no name of a run or of data gets out of where it stands in the document', () => {
  const template =
    '<title>{{title}}</title><meta content="{{description}}"><script type="application/json">{{about}}</script>';
  const page = pageDocument(template, about);
  assert.match(
    page,
    /<title>Samples of first<\/title><meta content="pggan on mnist, 2 generators, step 1,500, seed 1">/,
  );
  const hostile = { ...about, run: '</script><script>alert(1)//$&', data: '"><img src=x> {{about}} <!--' };
  const filled = pageDocument(template, hostile);
  assert.equal(filled.match(/<script/g)?.length, 1);
  assert.doesNotMatch(filled, /<img|<!--/);
  const json = /json">(.*)<\/script>/.exec(filled)?.[1] ?? '';
  assert.deepEqual(JSON.parse(json), hostile);
});

test('weights that are too many for a page are refused before they are read', async () => {
  await using scratch = scratchFolder();
  const file = scratch.write(
    'generator-1/model.json',
    JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: ['weights.bin'], weights: [] }] }),
  );
  const weights = join(scratch.path, 'generator-1', 'weights.bin');
  writeFileSync(weights, 'abc');
  assert.match(
    modelScript('generator-1', file),
    /^\(globalThis\.duetModels \?\?= \{\}\)\["generator-1"\] = .*"weights":"YWJj"/,
  );
  truncateSync(weights, 300e6);
  assert.throws(
    () => modelScript('generator-1', file),
    (error) =>
      error instanceof UsageError &&
      /^generator-1 has 300 MB of weights, too many .*tf\.loadLayersModel/.test(error.message),
  );
});
