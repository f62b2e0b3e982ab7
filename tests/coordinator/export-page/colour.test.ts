import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { sampleLatents } from '../../../gan/latents.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { pixelsByEngine } from '../../support/numbers/drawn-by-engine.js';
import { NO_BROWSER, findChromium, openBrowser, visit } from '../../support/pages/browser.js';
import { drawn, exportPage, pixelsOf } from '../../support/pages/exported-page.js';
import { startRun } from '../../support/runs/run.js';

const skip = findChromium() === undefined && NO_BROWSER;

test(
  'images in colours of any size are shown, and the page does not tell where on the disk the data were',
  { skip },
  async () => {
    await using scratch = scratchFolder();
    for (let i = 0; i < 8; i += 1) {
      const background = { r: i * 30, g: 100, b: 255 - i * 30 };
      const image = sharp({ create: { width: 48, height: 48, channels: 3, background } });
      scratch.write(join('private', 'photos', `${i}.png`), await image.png().toBuffer());
    }
    const run = join(scratch.path, 'colours');
    const data = join(scratch.path, 'private', 'photos');
    const size = ['--image-size', '48', '--width', '0.125', '--system', 'gan', '--learning-rate', '0.005'];
    const { code, stderr } = await startRun(run, '--data', data, '--steps', '60', '--batch', '4', ...size);
    assert.equal(code, 0, stderr);
    await exportPage(run);
    const index = join(run, 'export', 'page', 'index.html');
    assert.ok(!readFileSync(index, 'utf8').includes('private'));

    const browser = await openBrowser();
    try {
      await using opened = await visit(browser, pathToFileURL(index).href);
      const { page, offences } = opened;
      await drawn(page);
      assert.match(await page.locator('header').innerText(), /gan on photos, 1 generator, step 60, seed 1/);
      const actual = await pixelsOf(page, 'generator-1', 64, 48);
      const expected = await pixelsByEngine(run, 'generator-1', sampleLatents(1, 64, 100));
      assert.equal(actual.length, expected.length);
      const furthest = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
      assert.ok(furthest <= 1, `${furthest} of 255 apart`);
      // A channel in another's place would be seen.
      assert.ok(actual.some((value, i) => i % 3 === 0 && Math.abs(value - (actual[i + 2] as number)) > 20));
      assert.deepEqual(offences, []);
    } finally {
      await browser.close();
    }
  },
);
