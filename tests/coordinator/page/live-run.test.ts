/** A real run, a real kill, a real browser: the page that a coordinator serves by itself. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../support/machine/scratch.js';
import { NO_BROWSER, findChromium, openBrowser, visit } from '../../support/pages/browser.js';
import { eventsNamed, faultOf, inject, pidOf } from '../../support/runs/faults.js';
import { ROLES, coordinator, statusOf, until } from '../../support/runs/run.js';

const skip = findChromium() === undefined && NO_BROWSER;

/** No checkpoint but the initial state: the replay of what was trained is long enough to be seen. */
const REPLAY = ['--checkpoint-every', '1000000', '--checkpoint-seconds', '0', '--evaluate-every', '0'];
const DIGITS = ['--data', 'mnist', '--width', '0.125', '--batch', '16', '--threads', '1', '--sample-every', '20'];

test(
  "a coordinator's own page shows its run as it trains, a killed worker's recovery, and that it goes on",
  { skip },
  async () => {
    await using scratch = scratchFolder();
    const out = join(scratch.path, 'run');
    await using run = coordinator([
      ...['start', '--out', out, '--port', '0', '--page-port', '0', '--metrics-port', '0', '--steps', '1000000'],
      ...[...DIGITS, ...REPLAY, '--allow-chaos'],
    ]);
    const url = await until('the page', () => statusOf(out)?.page);
    const browser = await openBrowser();
    try {
      await using opened = await visit(browser, url);
      const { page, offences } = opened;
      const state = page.locator('#state');
      await state.getByText('training').waitFor();
      const injected = await inject(out, faultOf('kill', { role: 'generator-2', atStep: 200 }));
      assert.equal(injected.step, 200);
      const killed = injected.worker;
      await state.getByText('recovering').waitFor();
      const notice = await page.locator('#recovery').innerText();
      assert.match(notice, /^Recovering since .*: step 200 was called off, because the worker of generator-2/);
      await state.getByText('training').waitFor();
      assert.equal(await page.locator('#recovery').isVisible(), false);
      const rows = page.locator('#workers-rows tr');
      assert.equal(await rows.count(), ROLES.length);
      const successor = pidOf(out, 'generator-2');
      assert.notEqual(killed.split('/').at(-1), String(successor));
      assert.match(await rows.nth(2).innerText(), new RegExp(`generator-2\\s+ready[^]*/${successor}$`));
      const event = page.locator('#events li', { hasText: 'recovered' }).first();
      await event.waitFor();
      const [recovered] = eventsNamed(out, 'recovered');
      assert.ok((await event.innerText()).includes(`${recovered?.replayed} steps replayed`));
      // The picture on the page is the newest of the run's own.
      const picture = page.locator('img').first();
      assert.match((await picture.getAttribute('src')) ?? '', /samples\/step-\d{6}\.png/);
      assert.deepEqual(offences, []);
      run.child.kill('SIGINT');
      assert.equal((await run.ended).code, 130);
      await page
        .getByText(/not connected/i)
        .first()
        .waitFor();
      const over = statusOf(out);
      assert.deepEqual([over?.state, over?.page, over?.metrics], ['stopped', undefined, undefined]);
    } finally {
      await browser.close();
    }
  },
);
