import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { UsageError } from '../../../common/errors.js';
import { openFolder } from '../../../gan/data/folder.js';
import { imageFiles } from '../../../gan/data/image-files.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';

const picture = (background: string, size = 40) =>
  sharp({ create: { width: size, height: size, channels: 3, background } });
const grey = (shade: number) => picture(`rgb(${shade},${shade},${shade})`).toColourspace('b-w').png().toBuffer();
const all = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);
const shadesOf = (pixels: Float32Array, size: number) =>
  Array.from({ length: pixels.length / size }, (_, i) => Math.round(((pixels[i * size] as number) + 1) * 127.5));

async function greyFolder(scratch: Scratch, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) scratch.write(`${i}.png`, await grey(i));
}

const refuses = (pattern: RegExp) => (error: unknown) => error instanceof UsageError && pattern.test(error.message);

test('images are found below the folder, in an order of code units, without hidden and other files', async () => {
  await using scratch = scratchFolder();
  for (const name of [
    'b.PNG',
    'a/z.jpg',
    'a/ä.webp',
    'B.gif',
    'a.tiff',
    'notes.txt',
    '.hidden.png',
    '.thumbs/x.png',
    'a/.x/y.png',
  ]) {
    scratch.write(name, 'x');
  }
  mkdirSync(join(scratch.path, 'folder.png'));
  symlinkSync(join(scratch.path, 'b.PNG'), join(scratch.path, 'link.png'));
  symlinkSync(join(scratch.path, 'nowhere'), join(scratch.path, 'broken.png'));
  const found = ['B.gif', 'a.tiff', 'a/z.jpg', 'a/ä.webp', 'b.PNG', 'link.png'];
  assert.deepEqual(imageFiles(scratch.path), found);
  assert.deepEqual(imageFiles(`${scratch.path}/a/../`), found);
  const before = process.cwd();
  process.chdir(scratch.path);
  try {
    assert.deepEqual(imageFiles('.'), found);
  } finally {
    process.chdir(before);
  }
});

test('grey images give one channel, at 28 px', async () => {
  await using scratch = scratchFolder();
  await greyFolder(scratch, 12);
  const data = await openFolder(scratch.path, {});
  assert.deepEqual([data.shape, data.kind], [[28, 28, 1], 'image']);
  const shades = [
    ...shadesOf(data.gather(all(data.count)), 784),
    ...shadesOf(data.gatherHeldOut(all(data.heldOut)), 784),
  ];
  assert.deepEqual(
    shades.sort((a, b) => a - b),
    [...all(12)],
  );
});

test('one image with colour makes all RGB; grey stored as RGB stays grey', async () => {
  await using scratch = scratchFolder();
  await greyFolder(scratch, 3);
  scratch.write('rgb-grey.png', await picture('#646464').png().toBuffer());
  assert.deepEqual((await openFolder(scratch.path, {})).shape, [28, 28, 1]);
  scratch.write('orange.png', await picture('#ff8000').png().toBuffer());
  const data = await openFolder(scratch.path, {});
  assert.deepEqual(data.shape, [28, 28, 3]);
  const pixels = [...data.gather(all(data.count)), ...data.gatherHeldOut(all(data.heldOut))];
  const first = Array.from({ length: 5 }, (_, i) =>
    pixels
      .slice(i * 2352, i * 2352 + 3)
      .map((x) => Math.round((x + 1) * 127.5))
      .join(),
  );
  assert.ok(first.includes('255,128,0') && first.includes('2,2,2') && first.includes('100,100,100'), first.join(' '));
});

test('channels and size are what is asked for', async () => {
  await using scratch = scratchFolder();
  scratch.write('orange.png', await picture('#ff8000').png().toBuffer());
  scratch.write(
    'wide.png',
    await sharp({ create: { width: 90, height: 30, channels: 3, background: '#102030' } })
      .png()
      .toBuffer(),
  );
  assert.deepEqual((await openFolder(scratch.path, { imageSize: 32, channels: 1 })).shape, [32, 32, 1]);
  assert.deepEqual((await openFolder(scratch.path, { imageSize: 64, channels: 3 })).shape, [64, 64, 3]);
  await assert.rejects(openFolder(scratch.path, { imageSize: 30 }), UsageError);
});

test('every format, depth and colour space becomes bytes of the wanted size', async () => {
  await using scratch = scratchFolder();
  const orange = () => picture('#ff8000');
  scratch.write('a.jpg', await orange().jpeg().toBuffer());
  scratch.write('b.webp', await orange().webp({ lossless: true }).toBuffer());
  scratch.write('c.gif', await orange().gif().toBuffer());
  scratch.write('d.tiff', await orange().tiff().toBuffer());
  scratch.write('e.png', await orange().toColourspace('rgb16').png().toBuffer());
  scratch.write('f.png', await orange().ensureAlpha(1).png().toBuffer());
  scratch.write('g.jpg', await orange().toColourspace('cmyk').jpeg().toBuffer());
  const data = await openFolder(scratch.path, {});
  assert.deepEqual([data.shape, data.count + data.heldOut], [[28, 28, 3], 7]);
  const pixels = [...data.gather(all(data.count)), ...data.gatherHeldOut(all(data.heldOut))];
  for (let i = 0; i < 7; i += 1) {
    const [red = 0, , blue = 0] = pixels.slice(i * 2352, i * 2352 + 3);
    assert.ok(red > 0.7 && blue < -0.5, `image ${i} is not orange`);
  }
});

test('about a tenth is held out by path, so that new images move no other; one alone is for training', async () => {
  await using scratch = scratchFolder();
  scratch.write('7.png', await grey(7));
  const alone = await openFolder(scratch.path, { imageSize: 20 });
  assert.deepEqual([alone.count, alone.heldOut], [1, 0]);
  await greyFolder(scratch, 100);
  const held = async () => {
    const data = await openFolder(scratch.path, { imageSize: 20 });
    return shadesOf(data.gatherHeldOut(all(data.heldOut)), 400);
  };
  const before = await held();
  assert.ok(before.length >= 3 && before.length <= 20, `${before.length} of 100`);
  for (let i = 100; i < 130; i += 1) scratch.write(`${i}.png`, await grey(i));
  assert.deepEqual(
    (await held()).filter((shade) => shade < 100),
    before,
  );
});

test('the same folder is the same data, and another image is another', async () => {
  await using scratch = scratchFolder();
  await greyFolder(scratch, 20);
  const [first, again] = [await openFolder(scratch.path, {}), await openFolder(scratch.path, {})];
  assert.equal(first.sha256, again.sha256);
  assert.deepEqual(first.gather(all(first.count)), again.gather(all(again.count)));
  for (let i = 20; i < 25; i += 1) scratch.write(`${i}.png`, await grey(i));
  assert.notEqual((await openFolder(scratch.path, {})).sha256, first.sha256);
});

test('a missing folder and one without images are refused', async () => {
  await using scratch = scratchFolder();
  scratch.write('notes.txt', 'no image');
  await assert.rejects(openFolder(scratch.path, {}), refuses(/holds no image/));
  await assert.rejects(openFolder(join(scratch.path, 'missing'), {}), refuses(/missing/));
});

test('a broken image is refused and named', async () => {
  await using scratch = scratchFolder();
  await greyFolder(scratch, 5);
  const noise = Buffer.from(Array.from({ length: 40 * 40 }, (_, i) => (i * i * 31) % 251));
  const whole = await sharp(noise, { raw: { width: 40, height: 40, channels: 1 } })
    .png()
    .toBuffer();
  scratch.write('deep/torn.png', whole.subarray(0, whole.length / 2));
  await assert.rejects(openFolder(scratch.path, {}), refuses(/deep[\\/]torn\.png/));
  scratch.write('deep/torn.png', 'not an image');
  await assert.rejects(openFolder(scratch.path, {}), refuses(/deep[\\/]torn\.png/));
});

test('progress is told for every image, and a signal stops the reading', async () => {
  await using scratch = scratchFolder();
  await greyFolder(scratch, 30);
  const told: string[] = [];
  await openFolder(scratch.path, { onProgress: (done, total) => told.push(`${done}/${total}`) });
  assert.deepEqual(
    told,
    Array.from({ length: 30 }, (_, i) => `${i + 1}/30`),
  );
  const controller = new AbortController();
  const reason = new Error('stopped by the test');
  let last = 0;
  const stopped = openFolder(scratch.path, {
    signal: controller.signal,
    onProgress: (done) => {
      last = done;
      if (done === 5) controller.abort(reason);
    },
  });
  await assert.rejects(stopped, (error) => error === reason);
  assert.ok(last < 30);
});
