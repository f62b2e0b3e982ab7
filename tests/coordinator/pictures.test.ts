import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { textPixels } from '../../coordinator/pictures/pixel-font.js';
import { BAND_COLOURS, sampleGrid } from '../../coordinator/pictures/sample-grid.js';

async function pixelsOf(png: Buffer) {
  const { data, info } = await sharp(png)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  const count = (colour: string) => {
    const [r, g, b] = rgb(colour);
    let found = 0;
    for (let i = 0; i < data.length; i += 3) if (data[i] === r && data[i + 1] === g && data[i + 2] === b) found += 1;
    return found;
  };
  return { width: info.width, height: info.height, at, count };
}

function rgb(colour: string): number[] {
  return [1, 3, 5].map((from) => Number.parseInt(colour.slice(from, from + 2), 16));
}

const solid = (value: number, count: number, size: number) => new Uint8Array(count * size).fill(value);

test('a grid has a band for each generator, with a bar of its colour and its samples enlarged pixel by pixel', async () => {
  const png = await sampleGrid({
    bands: [
      { title: 'a', samples: solid(10, 3, 784), count: 3 },
      { title: 'b', samples: solid(20, 3, 784), count: 3 },
    ],
    shape: [28, 28, 1],
    columns: 2,
  });
  const { at, count } = await pixelsOf(png);
  assert.deepEqual(at(12, 12), rgb(BAND_COLOURS[0] as string));
  assert.equal(count('#0a0a0a'), 3 * 56 * 56);
  assert.equal(count('#141414'), 3 * 56 * 56);
});

test('floats in [-1, 1] look as their bytes do; what is out of range or not a number is clipped', async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const draw = (samples: Float32Array | Uint8Array) =>
    sampleGrid({ bands: [{ title: 'x', samples, count: 1 }], shape: [16, 16, 1] });
  assert.deepEqual(await draw(Float32Array.from(bytes, (byte) => byte / 127.5 - 1)), await draw(bytes));
  const odd = Float32Array.from(bytes, (_, i) => [NaN, -9, 9, Infinity][i % 4] as number);
  assert.deepEqual(await draw(odd), await draw(bytes.map((_, i) => [0, 0, 255, 255][i % 4] as number)));
});

test('colours keep their order', async () => {
  const samples = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => [200, 100, 50][i % 3] as number);
  const { count } = await pixelsOf(
    await sampleGrid({ bands: [{ title: 'x', samples, count: 1 }], shape: [64, 64, 3] }),
  );
  assert.equal(count('#c86432'), 64 * 64);
});

test('a picture without samples is still a picture', async () => {
  const empty = [{ title: 'generator-1', samples: new Float32Array(), count: 0 }];
  for (const shape of [[28, 28, 1], [2]])
    assert.ok((await pixelsOf(await sampleGrid({ bands: empty, shape }))).width > 0);
});

test('points become a panel of 360 px for each generator; the ones outside are not drawn', async () => {
  const band = (title: string, ...samples: number[]) => ({
    title,
    samples: Float32Array.from(samples),
    count: samples.length / 2,
  });
  const options = { shape: [2], centres: [[0, 0]] as const, limit: 1 };
  const inside = await sampleGrid({ bands: [band('a', 0.5, 0.5), band('b', 0, -0.5)], ...options });
  const { width, height, at } = await pixelsOf(inside);
  assert.deepEqual([width, height], [720, 386]);
  const [right, up] = [180 + 84, 26 + 180 - 84];
  assert.notDeepEqual(at(right, up), [255, 255, 255]);
  assert.deepEqual(at(360 + right, up), [255, 255, 255]);
  assert.notDeepEqual(at(360 + 180, 26 + 180 + 84), [255, 255, 255]);
  const lost = await sampleGrid({ bands: [band('a', 5, NaN, NaN, 0), band('b', 3, 3)], ...options });
  assert.deepEqual((await pixelsOf(lost)).at(right, up), [255, 255, 255]);
});

test('the points of 127 generators stand in rows of 16 panels', async () => {
  const bands = Array.from({ length: 127 }, (_, i) => ({
    title: `generator-${i + 1}`,
    samples: Float32Array.of(0.5, 0.5),
    count: i === 125 ? 0 : 1,
  }));
  const { width, height, at } = await pixelsOf(await sampleGrid({ bands, shape: [2], limit: 1 }));
  assert.deepEqual([width, height], [16 * 360, 8 * 386]);
  const pointOf = (index: number) => at((index % 16) * 360 + 180 + 84, Math.floor(index / 16) * 386 + 26 + 180 - 84);
  for (const index of [0, 15, 16, 126]) assert.notDeepEqual(pointOf(index), [255, 255, 255], `panel ${index}`);
  for (const index of [125, 127]) assert.deepEqual(pointOf(index), [255, 255, 255], `panel ${index}`);
});

test('the limits of a plot follow from the points where no modes are known', async () => {
  const samples = Float32Array.of(100, 0, -100, 0);
  const { at } = await pixelsOf(await sampleGrid({ bands: [{ title: 'a', samples, count: 2 }], shape: [2] }));
  assert.notDeepEqual(at(180 + Math.round(168 / 1.25), 206), [255, 255, 255]);
});

test('titles need no font of the system: every character that a role name has is drawn', () => {
  for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789-._')
    assert.ok(textPixels(character).length > 0, character);
  assert.deepEqual(textPixels('A'), textPixels('a'));
  assert.deepEqual(textPixels('é'), []);
  for (const [x, y] of textPixels('generator-1')) assert.ok(x >= 0 && x < 66 && y >= 0 && y < 7);
});
