import assert from 'node:assert/strict';
import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { servePage } from '../../../coordinator/page/server.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { LiveView } from '../../../coordinator/view/run-view.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
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
import { TINY } from '../../support/runs/faults.js';
import { liveOf, recordedRun, workerOf } from '../../support/runs/recorded-run.js';
import { startRun } from '../../support/runs/run.js';

const skip = findChromium() === undefined && NO_BROWSER;
const STEPS = 60;

let scratch: Scratch;
let browser: Browser;
/** A run that was trained to its end. */
let trained: RunDirectory;

before(async () => {
  if (skip) return;
  scratch = scratchFolder();
  const out = join(scratch.path, 'trained');
  const every = ['--sample-every', '20', '--evaluate-every', '30', '--checkpoint-every', '30'];
  const { code, stderr } = await startRun(out, ...TINY, '--steps', String(STEPS), ...every);
  assert.equal(code, 0, stderr);
  trained = RunDirectory.open(out);
  browser = await openBrowser();
});

after(async () => {
  if (skip) return;
  await browser.close();
  await scratch[Symbol.asyncDispose]();
});

const servedTrained = () => servePage({ directory: trained, host: '127.0.0.1', port: 0 });

/** Another directory with the same run, that a made-up coordinator drives. */
async function servedLive(name: string, live: () => LiveView | undefined) {
  const folder = join(scratch.path, name);
  cpSync(trained.path, folder, { recursive: true });
  const directory = RunDirectory.open(folder);
  directory.writeJson('run.json', { id: name, state: 'running', pid: 1, address: '127.0.0.1:1', step: 0 });
  const page = await servePage({ directory, host: '127.0.0.1', port: 0, live });
  return { page, directory, url: page.url, [Symbol.asyncDispose]: () => page[Symbol.asyncDispose]() };
}

/** Runs in the browser; its types are not this project's. */
const inPage = <T>(page: Page, source: string) => page.evaluate<T>(source);

const textOf = async (page: Page, selector: string) => (await page.locator(selector).innerText()).trim();

/** How many different colours a canvas has: a chart that was not drawn has one. */
const coloursOf = (page: Page, selector: string) =>
  inPage<number>(
    page,
    `(() => {
      const canvas = document.querySelector('${selector} canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
      return colours.size;
    })()`,
  );

test(
  'a finished run is shown in one look: state, progress, curves, samples, events; nothing comes from elsewhere',
  { skip },
  async () => {
    await using server = await servedTrained();
    await using opened = await visit(browser, server.url);
    const { page, offences } = opened;
    await page.locator('#losses canvas').waitFor();
    assert.equal(await textOf(page, 'h1'), 'trained');
    assert.equal(await textOf(page, '#state'), 'finished');
    assert.match(await textOf(page, '#what'), /^pggan on ring8, 2 generators, batch 16, seed 1$/);
    assert.match(await textOf(page, '#step'), /^60 of 60 \(100\s%\)$/);
    assert.match(await page.title(), /^100\s% finished: trained$/);
    for (const chart of ['#losses', '#verdicts', '#quality']) {
      assert.ok((await coloursOf(page, chart)) >= 4, `${chart} is drawn`);
    }
    // The same in words: of a run of 60 steps no point is a mean over steps.
    const words = (await page.locator('#losses-summary').textContent()) ?? '';
    assert.match(words, /^Steps 1 to 60\. discriminator: [\d.]+ at first, [\d.]+ now.*generator 2: .*averaged: /);
    assert.match(await textOf(page, '#losses .legend'), /discriminator\s+[\d.]+/);
    assert.match(await textOf(page, '#best'), /^\d\.\d+ at step (30|60), \d of 8 modes now$/);
    assert.match(await textOf(page, '#events'), /the run finished at step 60/);
    assert.match(await textOf(page, '#workers-empty'), /Nobody drives this run/);
    await holds(page, `document.querySelector('#picture').naturalWidth > 0`);
    assert.match(
      (await page.locator('#picture').getAttribute('alt')) ?? '',
      /^Samples at step 60, .*generator 1, generator 2$/,
    );
    assert.deepEqual(offences, []);
  },
);

test(
  'the slider goes through the pictures by keyboard, and follows the newest again when it is asked to',
  { skip },
  async () => {
    await using server = await servedTrained();
    await using opened = await visit(browser, server.url);
    const { page, offences } = opened;
    const shows = (step: number) =>
      holds(
        page,
        `(() => { const p = document.querySelector('#picture'); return p.src.endsWith('/samples/step-${String(step).padStart(6, '0')}.png') && p.complete && p.naturalWidth > 0; })()`,
      );
    await shows(60);
    const slider = page.getByRole('slider', { name: 'Step of the picture' });
    const newest = page.getByRole('button', { name: 'Follow the newest' });
    assert.equal(await newest.getAttribute('aria-pressed'), 'true');
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    await shows(40);
    assert.equal(await slider.getAttribute('aria-valuetext'), 'step 40');
    assert.equal(await textOf(page, '#when-step'), 'step 40');
    assert.equal(await newest.getAttribute('aria-pressed'), 'false');
    await page.keyboard.press('Home');
    await shows(20);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await shows(60);
    assert.equal(await newest.getAttribute('aria-pressed'), 'true');
    assert.deepEqual(offences, []);
  },
);

test('a run that trains: workers with their states, and a recovery with since when and why', { skip }, async () => {
  let live = liveOf({ step: 41 });
  await using served = await servedLive('training', () => live);
  await using opened = await visit(browser, served.url);
  const { page, offences } = opened;
  await page.getByRole('cell', { name: 'forward' }).first().waitFor();
  assert.equal(await textOf(page, '#state'), 'training');
  assert.equal(await page.getByRole('row').count(), 4, 'a head and three roles');
  assert.equal(await page.locator('#recovery').isVisible(), false);
  const workers = [
    workerOf('discriminator'),
    workerOf('generator-1', { heartbeatMs: 9000 }),
    workerOf('generator-2', { state: 'missing', worker: '', device: '', phase: '', residentBytes: 0 }),
    workerOf('', { state: 'starting', phase: 'loading the engine', phaseMs: 2500 }),
  ];
  live = liveOf({ state: 'recovering', step: 30, epoch: 2, workers });
  const event = `${JSON.stringify({ time: '2026-11-25T10:00:00.000Z', event: 'step-called-off', step: 42, cause: 'crashed', role: 'generator-2', reason: 'its process was killed' })}\n`;
  appendFileSync(served.directory.file('events.jsonl'), event);
  await page.locator('#recovery', { hasText: 'step 42' }).waitFor();
  assert.match(
    await textOf(page, '#recovery'),
    /^Recovering since .*\d\d:\d\d:\d\d: step 42 was called off, because its process was killed$/,
  );
  assert.equal(await textOf(page, '#state'), 'recovering');
  assert.match((await page.locator('#announcement').textContent()) ?? '', /training is recovering, step 30 of 60/);
  const rows = page.locator('#workers-rows tr');
  assert.match(await rows.nth(2).innerText(), /generator-2\s+missing/);
  assert.match(await rows.nth(1).innerText(), /9\.0 s, late/);
  assert.match(await rows.nth(3).innerText(), /spare\s+starting\s+cpu\s+loading the engine, 2\.5 s/);
  const newest = page.locator('#events li').first();
  assert.equal(await newest.getAttribute('data-level'), 'warn');
  assert.match(await newest.innerText(), /warning\s+step 42 was called off/);
  assert.deepEqual(offences, []);
});

test(
  'when the coordinator goes away the page says since when, and comes back with it by itself',
  { skip },
  async () => {
    const folder = join(scratch.path, 'away');
    const run = recordedRun(folder);
    run.steps(1, 30);
    const options = { directory: run.directory, host: '127.0.0.1', live: () => liveOf({ step: 30 }) };
    const first = await servePage({ ...options, port: 0 });
    await using opened = await visit(browser, first.url);
    const { page } = opened;
    await page.locator('#losses canvas').waitFor();
    assert.equal(await page.locator('#offline').isVisible(), false);
    await first[Symbol.asyncDispose]();
    await page.locator('#offline', { hasText: /Not connected: last heard at \d\d:\d\d:\d\d/ }).waitFor();
    assert.equal(await textOf(page, '#state'), 'was training');
    run.steps(31, 33);
    await using _second = await servePage({ ...options, port: first.port });
    await page.locator('#losses-summary', { hasText: 'Steps 1 to 33.' }).waitFor({ state: 'attached' });
    assert.equal(await page.locator('#offline').isVisible(), false);
    assert.equal(await textOf(page, '#state'), 'training');
  },
);

test('a phone of 360 px shows it without sideways scrolling, in both themes, and dark is dark', { skip }, async () => {
  await using served = await servedLive('phone', () => liveOf({ step: 41 }));
  const grounds: number[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await using opened = await visit(browser, served.url, { viewport: { width: 360, height: 740 }, colorScheme });
    const { page, offences } = opened;
    await page.locator('#losses canvas').waitFor();
    const [width, wide] = await inPage<[number, string[]]>(
      page,
      `[document.documentElement.scrollWidth, [...document.querySelectorAll('main *, header *')]
        .filter((e) => e.getBoundingClientRect().right > 360.5 && !e.closest('.hidden, thead, .u-over, .u-under')).map((e) => e.outerHTML.slice(0, 80))]`,
    );
    assert.equal(width, 360, colorScheme);
    assert.deepEqual(wide, [], colorScheme);
    const ground = await inPage<string>(page, `getComputedStyle(document.body).backgroundColor`);
    grounds.push(Math.max(...(ground.match(/\d+/g) ?? []).map(Number)));
    assert.deepEqual(offences, [], colorScheme);
  }
  const [light = 0, dark = 255] = grounds;
  assert.ok(light > 200 && dark < 60, grounds.join(' and '));
});

test('text has the contrast that WCAG AA asks for, in both themes', { skip }, async () => {
  await using served = await servedLive('contrast', () => liveOf({ state: 'recovering', step: 41 }));
  for (const colorScheme of ['light', 'dark'] as const) {
    await using opened = await visit(browser, served.url, { colorScheme });
    const { page } = opened;
    await page.locator('#losses canvas').waitFor();
    await page.locator('#recovery').waitFor();
    const weak = await inPage<string[]>(page, CONTRAST);
    assert.deepEqual(weak, [], colorScheme);
  }
});

test(
  'who cannot see it or has no mouse finds names, headings, landmarks, and a way to every control',
  { skip },
  async () => {
    await using served = await servedLive('named', () => liveOf({ step: 41 }));
    await using opened = await visit(browser, served.url);
    const { page } = opened;
    await page.locator('#losses canvas').waitFor();
    for (const landmark of ['main', 'banner', 'contentinfo'] as const) {
      assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    }
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    for (const name of ['Samples', 'Losses', 'Judged most real', 'KID', 'Workers', 'Events']) {
      const begins = new RegExp(`^${name}`);
      assert.equal(await page.getByRole('heading', { level: 2, name: begins }).count(), 1, name);
      assert.equal(await page.getByRole('region', { name: begins }).count(), 1, `${name} as a region`);
    }
    assert.equal(await page.getByRole('table', { name: 'Workers' }).count(), 1);
    assert.equal(await page.getByRole('columnheader').count(), 7);
    assert.equal(await page.getByRole('rowheader').count(), 3);
    assert.equal(await page.getByRole('progressbar', { name: 'Steps committed' }).count(), 1);
    assert.equal(await page.getByRole('img', { name: /^Losses by step/ }).count(), 1);
    const faults = await inPage<string[]>(
      page,
      `[...document.querySelectorAll('img')].filter((e) => !e.alt).map(() => 'img without alt')
      .concat([...document.querySelectorAll('a, button, input, select')].filter((e) => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map((e) => e.outerHTML))
      .concat([...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i).map((id) => 'twice: ' + id))
      .concat([...document.querySelectorAll('[aria-labelledby], [aria-describedby]')].flatMap((e) => [e.getAttribute('aria-labelledby'), e.getAttribute('aria-describedby')]).filter((id) => id && !document.getElementById(id)))
      .concat(document.documentElement.lang ? [] : ['no language'])`,
    );
    assert.deepEqual(faults, []);
    const reached: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      await page.keyboard.press('Tab');
      reached.push(await inPage<string>(page, `document.activeElement.id || document.activeElement.className`));
      const outline = await inPage<string>(page, `getComputedStyle(document.activeElement).outlineStyle`);
      assert.equal(outline, 'solid', `${reached.at(-1)} shows that it has the focus`);
    }
    assert.deepEqual(reached, ['skip', 'when', 'newest', 'events-level', 'events']);
  },
);
