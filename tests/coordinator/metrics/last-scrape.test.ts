import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { LastScrape, patienceMs } from '../../../coordinator/metrics/last-scrape.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { metricsOf, samplesOf, valueOf } from '../../support/monitoring/scrape.js';
import { TINY, faultOf, inject } from '../../support/runs/faults.js';
import { coordinator, statusOf, until } from '../../support/runs/run.js';

test('the next scrape is waited for as long as its interval says, not at all when nobody scrapes', () => {
  const most = 10_000;
  assert.equal(patienceMs([], 1000, most), 0);
  assert.equal(patienceMs([0, 6000], 7000, most), 8000);
  assert.equal(patienceMs([6000], 7000, most), 6500);
  assert.equal(patienceMs([5990, 6000], 7000, most), 6500, 'two servers take turns');
  assert.equal(patienceMs([1000, 61_000], 62_000, most), most);
  assert.equal(patienceMs([1000, 6000], 14_000, most), 0, 'whoever scraped has stopped doing so');
});

test('a scrape that was asked before the end does not count as the last one', async () => {
  const last = new LastScrape();
  const before = performance.now();
  last.answered(before - 5000);
  let over = false;
  const next = last.next(60_000).then(() => (over = true));
  last.answered(before);
  await Promise.resolve();
  assert.equal(over, false);
  last.answered(performance.now());
  await next;
});

for (const [how, state] of [
  ['comes to its last step', 'finished'],
  ['fails', 'failed'],
  ['is stopped', 'stopped'],
] as const) {
  test(`a run that ${how} ends when Prometheus has read so`, async () => {
    await using scratch = scratchFolder();
    const out = join(scratch.path, 'run');
    const steps = state === 'finished' ? '300' : '1000000';
    await using run = coordinator([
      ...['start', '--port', '0', '--page-port', '0', '--metrics-port', '0', '--out', out, '--steps', steps],
      ...[...TINY, '--allow-chaos', '--max-faulty-steps', '0'],
    ]);
    const origin = await metricsOf(out);
    await scrapeAsPrometheus(origin);
    await until('training', () => statusOf(out)?.state !== 'starting');
    if (state === 'failed') await inject(out, faultOf('nan', { role: 'generator-1' }));
    if (state === 'stopped') run.child.kill('SIGTERM');
    await until(`the state ${state}`, async () => {
      return valueOf(samplesOf(await scrapeAsPrometheus(origin)), 'duet_run_state', { state }) === 1;
    });
    const { code } = await run.ended;
    assert.equal(code, { finished: 0, failed: 1, stopped: 130 }[state]);
  });
}

async function scrapeAsPrometheus(origin: string): Promise<string> {
  const response = await fetch(`${origin}/metrics`, { headers: { 'x-prometheus-scrape-timeout-seconds': '4' } });
  return await response.text();
}
