import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { between } from '../../../coordinator/export-page/interpolation.js';
import { mixtureNamed } from '../../../gan/data/mixtures.js';
import { sampleLatents } from '../../../gan/latents.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { drawnByEngine } from '../../support/numbers/drawn-by-engine.js';
import { type Browser, NO_BROWSER, type Page, findChromium, openBrowser, visit } from '../../support/pages/browser.js';
import { drag, drawn, exportPage, plotOf } from '../../support/pages/exported-page.js';
import { TINY } from '../../support/runs/faults.js';
import { startRun } from '../../support/runs/run.js';

const skip = findChromium() === undefined && NO_BROWSER;
const ROLES = ['generator-1', 'generator-2'] as const;
const COUNT = 512;
const LATENT = 8;
/** As far from its middle a dot or a ring may leave ink, px. */
const DOT = 3;
const RING = 11;

let scratch: Scratch;
let browser: Browser;
let run: string;
let file: string;

before(async () => {
  if (skip) return;
  scratch = scratchFolder();
  run = join(scratch.path, 'ring');
  const { code, stderr } = await startRun(run, ...TINY, '--steps', '300', '--latent', String(LATENT));
  assert.equal(code, 0, stderr);
  const out = join(scratch.path, 'show');
  assert.match(
    await exportPage(run, '--out', out),
    /page of step 300: .*show\/page\/index\.html\n.*double click.*no network/,
  );
  file = pathToFileURL(join(out, 'page', 'index.html')).href;
  browser = await openBrowser();
});

after(async () => {
  if (skip) return;
  await browser.close();
  await scratch[Symbol.asyncDispose]();
});

/** Every point of the engine has ink where it belongs, and there is none but theirs and the rings'. */
async function assertPlots(page: Page, role: string, z: Float32Array, what: string): Promise<void> {
  const points = await drawnByEngine(run, role, z);
  const { side, reach, inked } = await plotOf(page, role);
  assert.equal(reach, 1.25);
  const place = (x: number, y: number) => [(side / 2) * (1 + x / reach), (side / 2) * (1 - y / reach)] as const;
  const allowed = new Uint8Array(side * side);
  const allow = (x: number, y: number, radius: number) => {
    for (let row = Math.floor(y - radius); row <= y + radius; row += 1) {
      for (let column = Math.floor(x - radius); column <= x + radius; column += 1) {
        if (row >= 0 && row < side && column >= 0 && column < side) allowed[row * side + column] = 1;
      }
    }
  };
  const found = new Set(inked);
  let outside = 0;
  for (let i = 0; i < COUNT; i += 1) {
    const [a, b] = [points[2 * i] as number, points[2 * i + 1] as number];
    if (Math.abs(a) > reach || Math.abs(b) > reach) {
      outside += 1;
      continue;
    }
    const [x, y] = place(a, b);
    allow(x, y, DOT);
    const pixel = Math.min(side - 1, Math.floor(y)) * side + Math.min(side - 1, Math.floor(x));
    assert.ok(found.has(pixel), `${role}, ${what}: point ${i} at ${a}, ${b} is not drawn`);
  }
  for (const [a, b] of mixtureNamed('ring8').centres) allow(...place(a, b), RING);
  assert.ok(
    inked.every((pixel) => allowed[pixel] === 1),
    `${role}, ${what}: ink where no point is`,
  );
  const remark = await page.locator(`section:has(#${role}) h2 small`).innerText();
  assert.equal(remark, outside === 0 ? '' : `${outside} of ${COUNT} outside the plot`);
}

test(
  'points are plotted where the engine draws them, with the true centres, all along the slider',
  { skip },
  async () => {
    await using opened = await visit(browser, `${file}#seed=1&to=2&at=0`);
    const { page, offences } = opened;
    await drawn(page);
    assert.match(await page.locator('header').innerText(), /pggan on ring8, 2 generators, step 300, seed 1/);
    assert.equal(await page.getByText('A ring is a mode of the data').isVisible(), true);
    await page.getByLabel('Samples of each').selectOption({ label: '512' });
    const [from, to] = [sampleLatents(1, COUNT, LATENT), sampleLatents(2, COUNT, LATENT)];
    for (const at of [0, 0.3, 1]) {
      await drag(page, at);
      await drawn(page);
      for (const role of ROLES) await assertPlots(page, role, between(from, to, at, LATENT), `at ${at}`);
    }
    assert.deepEqual(offences, []);
  },
);

test('another size and dark colours paint the same points anew', { skip }, async () => {
  await using opened = await visit(browser, `${file}#seed=1&to=2&at=0`);
  const { page, offences } = opened;
  await drawn(page);
  await page.getByLabel('Samples of each').selectOption({ label: '512' });
  await drawn(page);
  const wide = await plotOf(page, 'generator-1');
  const ink = () =>
    page.evaluate<string>(`(() => {
      const canvas = document.getElementById('generator-2');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const found = new Map();
      for (let i = 0; i < data.length; i += 4) {
        const colour = data.slice(i, i + 3).join();
        if (data[i + 3] > 100) found.set(colour, (found.get(colour) ?? 0) + 1);
      }
      return [...found].sort((a, b) => b[1] - a[1])[0][0];
    })()`);
  const light = await ink();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  const z = sampleLatents(1, COUNT, LATENT);
  for (let tries = 0; tries < 100 && (await plotOf(page, 'generator-1')).side === wide.side; tries += 1) {
    await page.evaluate(`new Promise((resolve) => requestAnimationFrame(resolve))`);
  }
  const narrow = await plotOf(page, 'generator-1');
  assert.ok(narrow.side < 340 && wide.side > 500, `${narrow.side} and ${wide.side} px`);
  for (const role of ROLES) await assertPlots(page, role, z, 'narrow and dark');
  assert.notEqual(await ink(), light);
  assert.deepEqual(offences, []);
});
