import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { between } from '../../../coordinator/export-page/interpolation.js';
import { sampleLatents } from '../../../gan/latents.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { pixelsByEngine } from '../../support/numbers/drawn-by-engine.js';
import {
  type Browser,
  NO_BROWSER,
  type Page,
  findChromium,
  holds,
  openBrowser,
  visit,
} from '../../support/pages/browser.js';
import { CONTRAST } from '../../support/pages/contrast.js';
import { drag, drawn, exportPage, pixelsOf } from '../../support/pages/exported-page.js';
import { serveFolder } from '../../support/pages/static-server.js';
import { startRun } from '../../support/runs/run.js';

const skip = findChromium() === undefined && NO_BROWSER;
const ROLES = ['generator-1', 'generator-2'] as const;
const LATENT = 100;
const COUNT = 64;
const SIDE = 28;

let scratch: Scratch;
let browser: Browser;
let run: string;
/** The page's folder, and index.html of it as it is opened by double click. */
let folder: string;
let file: string;

before(async () => {
  if (skip) return;
  scratch = scratchFolder();
  run = join(scratch.path, 'digits');
  const { code, stderr } = await startRun(run, '--steps', '30', '--batch', '16', '--width', '0.25', '--seed', '5');
  assert.equal(code, 0, stderr);
  await exportPage(run);
  folder = join(run, 'export', 'page');
  file = pathToFileURL(join(folder, 'index.html')).href;
  browser = await openBrowser();
});

after(async () => {
  if (skip) return;
  await browser.close();
  await scratch[Symbol.asyncDispose]();
});

/** Another rounding of the last bits may be another grey, never two: by WebGL, by JavaScript, by the engine. */
function assertSamePicture(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  const furthest = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
  assert.ok(furthest <= 1, `${what}: ${furthest} greys apart`);
}

async function assertShows(page: Page, z: Float32Array, what: string): Promise<void> {
  for (const role of ROLES) {
    assertSamePicture(await pixelsOf(page, role, COUNT, SIDE), await pixelsByEngine(run, role, z), `${role}, ${what}`);
  }
}

const ofSeed = (seed: number) => sampleLatents(seed, COUNT, LATENT);
const textOf = async (page: Page, selector: string) => (await page.locator(selector).innerText()).trim();

async function typeSeed(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text);
  await page.keyboard.press('Enter');
}

test(
  'opened by double click, the page draws what the engine draws of the same seed, and asks nobody',
  { skip },
  async () => {
    await using opened = await visit(browser, file);
    const { page, offences } = opened;
    await drawn(page);
    // The run's own seed: the picture that its training showed.
    await assertShows(page, ofSeed(5), 'seed 5');
    assert.equal(await page.title(), 'Samples of digits');
    assert.match(await textOf(page, 'header'), /pggan on mnist, 2 generators, step 30, seed 5/);
    assert.match(
      await textOf(page, 'header'),
      /Every picture here is generated: .* in this browser, from random numbers\./,
    );
    assert.match(await textOf(page, 'footer'), /2 × 64 samples in .* with TensorFlow\.js 4\.22\.0 on (cpu|webgl)$/);

    await typeSeed(page, 'Seed', '77');
    await drawn(page);
    await assertShows(page, ofSeed(77), 'seed 77');
    assert.deepEqual(offences, []);
  },
);

test('a plain web server shows the same, below any path', { skip }, async () => {
  const site = join(scratch.path, 'site');
  cpSync(folder, join(site, 'my', 'digits'), { recursive: true });
  await using server = await serveFolder(site);
  await using opened = await visit(browser, `${server.url}/my/digits/#seed=9&to=3&at=1`);
  const { page, offences } = opened;
  await drawn(page);
  await assertShows(page, ofSeed(3), 'the end of the way that the address names');
  assert.deepEqual(offences, []);
  // Its policy holds even against script in it; and what a page asks for is noticed.
  assert.equal(await page.evaluate<string>(`fetch('/').then(() => 'answered', () => 'refused')`), 'refused');
  assert.match(offences.join(), /violates the following Content Security Policy directive/);
});

test('on WebGL and without it the picture is the same', { skip }, async () => {
  await using opened = await visit(browser, file);
  const { page, offences } = opened;
  for (const [seed, backend] of ['cpu', 'webgl'].entries()) {
    await drawn(page);
    assert.equal(await page.evaluate<boolean>(`tf.setBackend('${backend}')`), true);
    await typeSeed(page, 'Seed', String(seed));
    await drawn(page);
    assert.match(await textOf(page, 'footer'), new RegExp(`on ${backend}$`));
    await assertShows(page, ofSeed(seed), backend);
  }
  assert.deepEqual(offences, []);
});

test(
  'the slider goes through latent space; at its ends are exactly the samples of the two seeds',
  { skip },
  async () => {
    await using opened = await visit(browser, `${file}#seed=5&to=6&at=0`);
    const { page, offences } = opened;
    const seen: string[] = [];
    const [from, to] = [ofSeed(5), ofSeed(6)];
    await drawn(page);
    const slider = page.getByRole('slider', { name: 'Way through latent space' });
    for (const at of [0.25, 0.5, 1, 0]) {
      // A drag passes many positions; where it ends counts.
      await drag(page, ...Array.from({ length: 20 }, (_, i) => i / 20), at);
      await drawn(page);
      await assertShows(page, between(from, to, at, LATENT), `at ${at}`);
      seen.push(String(await pixelsOf(page, 'generator-1', COUNT, SIDE)));
    }
    assert.equal(new Set(seen).size, 4);
    assert.equal(await slider.getAttribute('aria-valuetext'), 'seed 5');

    // By keyboard, too.
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await drawn(page);
    await assertShows(page, between(from, to, 1 / 400, LATENT), 'after an arrow key');
    await page.keyboard.press('End');
    await drawn(page);
    await assertShows(page, to, 'after the end key');
    assert.equal(await slider.getAttribute('aria-valuetext'), 'seed 6');

    // The address is a link to the same picture.
    await holds(page, `location.hash === '#seed=5&to=6&at=1'`);
    await page.reload();
    await drawn(page);
    await assertShows(page, to, 'after a reload');
    assert.deepEqual(offences, []);
  },
);

test('new samples have seeds that are shown; typed again, they bring the same picture back', { skip }, async () => {
  await using opened = await visit(browser, file);
  const { page, offences } = opened;
  await drawn(page);
  const first = await pixelsOf(page, 'generator-2', COUNT, SIDE);
  await page.getByRole('button', { name: 'New samples' }).click();
  await drawn(page);
  const seed = await page.getByLabel('Seed', { exact: true }).inputValue();
  const second = await pixelsOf(page, 'generator-2', COUNT, SIDE);
  assert.notDeepEqual(second, first);
  await assertShows(page, ofSeed(Number(seed)), `seed ${seed}`);

  await typeSeed(page, 'to seed', '5');
  await drawn(page);
  assertSamePicture(await pixelsOf(page, 'generator-2', COUNT, SIDE), first, 'the seed at the other end');
  await typeSeed(page, 'Seed', seed);
  await drawn(page);
  assert.deepEqual(await pixelsOf(page, 'generator-2', COUNT, SIDE), second);

  // A seed that is none is told of, and changes nothing.
  await typeSeed(page, 'Seed', '-3');
  assert.equal(
    await page.getByRole('alert').filter({ hasText: 'seed' }).innerText(),
    '“-3” is no seed: type a whole number from 0 to 9007199254740991, such as 7.',
  );
  assert.equal(await page.getByLabel('Seed', { exact: true }).getAttribute('aria-invalid'), 'true');
  await drawn(page);
  assert.deepEqual(await pixelsOf(page, 'generator-2', COUNT, SIDE), second);
  await typeSeed(page, 'Seed', '3');
  assert.equal(await textOf(page, '#seed-problem'), '');
  assert.deepEqual(offences, []);
});

test(
  'a generator that is left out is neither shown nor drawn; chosen again, it shows what the others show',
  { skip },
  async () => {
    await using opened = await visit(browser, file);
    const { page, offences } = opened;
    await drawn(page);
    await page.getByRole('checkbox', { name: 'generator 2' }).uncheck();
    await drawn(page);
    assert.equal(await page.locator('#generator-2').isVisible(), false);
    assert.match(await textOf(page, 'footer'), /1 × 64 samples/);
    await drag(page, 0.5);
    await drawn(page);
    await page.getByRole('checkbox', { name: 'generator 1' }).uncheck();
    assert.equal(await page.getByText('No generator is chosen.').isVisible(), true);
    await page.getByRole('checkbox', { name: 'generator 2' }).check();
    await page.getByRole('checkbox', { name: 'generator 1' }).check();
    await drawn(page);
    await assertShows(page, between(ofSeed(5), ofSeed(6), 0.5, LATENT), 'both again');
    await page.getByLabel('Samples of each').selectOption('16');
    await drawn(page);
    assert.match(await textOf(page, 'footer'), /2 × 16 samples/);
    const few = await pixelsOf(page, 'generator-1', 16, SIDE);
    const z = between(sampleLatents(5, 16, LATENT), sampleLatents(6, 16, LATENT), 0.5, LATENT);
    assertSamePicture(few, await pixelsByEngine(run, 'generator-1', z), 'the first 16');
    assert.deepEqual(offences, []);
  },
);

test(
  'on a telephone nothing is cut off; light and dark, every control can be reached by its name',
  { skip },
  async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await using opened = await visit(browser, file, { viewport: { width: 360, height: 740 }, colorScheme });
      const { page, offences } = opened;
      await drawn(page);
      assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), 360);
      const unnamed = await page.evaluate<string[]>(
        `[...document.querySelectorAll('input, select, button')].filter((control) => !control.labels?.length && !control.ariaLabel && !control.textContent.trim()).map(({ id }) => id)`,
      );
      assert.deepEqual(unnamed, []);
      for (const landmark of ['main', 'banner', 'contentinfo'] as const) {
        assert.equal(await page.getByRole(landmark).count(), 1, landmark);
      }
      await typeSeed(page, 'to seed', 'two');
      assert.deepEqual(await page.evaluate<string[]>(CONTRAST), [], `${colorScheme}: text of too little contrast`);
      await assertShows(page, ofSeed(5), `${colorScheme}, 360 px`);
      assert.deepEqual(offences, []);
    }
  },
);

test('a page that lost a part of its folder says which, and what to do', { skip }, async () => {
  for (const [name, damage, sentence] of [
    [
      'generator',
      (at: string) => rmSync(join(at, 'generator-2.js')),
      /generator-2\.js did not load: it belongs beside/,
    ],
    ['tfjs', (at: string) => rmSync(join(at, 'tf.min.js')), /tf\.min\.js did not load: it belongs beside index\.html/],
    ['empty', (at: string) => writeFileSync(join(at, 'generator-1.js'), ''), /generator-1\.js holds no model: copy it/],
    [
      'cut',
      (at: string) =>
        writeFileSync(
          join(at, 'generator-1.js'),
          `duetModels = { 'generator-1': { modelTopology: {}, weights: 'AAA' } }`,
        ),
      /generator-1\.js is damaged: copy it anew/,
    ],
  ] as const) {
    const copy = join(scratch.path, `without-${name}`);
    cpSync(folder, copy, { recursive: true });
    damage(copy);
    await using opened = await visit(browser, pathToFileURL(join(copy, 'index.html')).href);
    const problem = opened.page.locator('#problem');
    await problem.waitFor();
    assert.match(await problem.innerText(), /^The samples cannot be drawn: .*[^.]\.$/);
    assert.match(await problem.innerText(), sentence);
    assert.equal(await opened.page.locator('#loading').isVisible(), false);
  }
});
