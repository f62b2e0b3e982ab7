import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../../common/errors.js';
import { servePage } from '../../../coordinator/page/server.js';
import type { EventsPart, HistoryPart, QualityView, SamplesView } from '../../../coordinator/view/messages.js';
import type { LiveView, RunView } from '../../../coordinator/view/run-view.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { listenTo } from '../../support/pages/event-stream.js';
import { type RecordedRun, liveOf, recordedRun, workerOf } from '../../support/runs/recorded-run.js';
import { until } from '../../support/runs/run.js';

async function served(folder: string, live?: () => LiveView | undefined) {
  const run = recordedRun(join(folder, 'run'));
  const options = { directory: run.directory, host: '127.0.0.1', port: 0 };
  const page = await servePage(live === undefined ? options : { ...options, live });
  return { run, page, url: page.url, [Symbol.asyncDispose]: () => page[Symbol.asyncDispose]() };
}

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;

/** A path as it is written, which `fetch` would have tidied up. */
async function raw(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = new URL(url);
  const asked = request({ host: '127.0.0.1', port, path, method, headers }).end();
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

function record(run: RecordedRun): void {
  run.steps(1, 20);
  run.event({ event: 'run-started', workers: 3, address: '127.0.0.1:1' });
  run.event({ event: 'step-called-off', step: 12, cause: 'crashed', role: 'generator-1', reason: 'it was killed' });
  run.quality({ step: 10, kid: 0.5 });
  run.quality({ step: 20, kid: 0.25 });
  run.status({ state: 'finished', step: 20 });
}

test('a script gets the run, its history, events, evaluations and pictures as JSON', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  const { run, url } = served_;
  record(run);
  await run.picture(10);
  await run.picture(5);
  const view = await json<RunView>(`${url}/api/run`);
  assert.deepEqual([view.id, view.state, view.step, view.steps], ['run', 'finished', 20, 1000]);
  const { columns } = await json<HistoryPart>(`${url}/api/history`);
  assert.deepEqual(
    columns.step,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  const { events, markers } = await json<EventsPart>(`${url}/api/events`);
  assert.deepEqual(
    events.map(({ event, level }) => `${event} ${level}`),
    ['run-started info', 'step-called-off warn'],
  );
  assert.deepEqual(markers, [{ step: 12, kind: 'fault' }]);
  assert.deepEqual((await json<QualityView>(`${url}/api/quality`)).best, { step: 20, kid: 0.25 });
  assert.deepEqual((await json<SamplesView>(`${url}/api/samples`)).steps, [5, 10]);
  const picture = await fetch(`${url}/samples/step-000010.png`);
  assert.equal(picture.headers.get('content-type'), 'image/png');
  assert.deepEqual(
    Buffer.from(await picture.arrayBuffer()),
    readFileSync(run.directory.file('samples', 'step-000010.png')),
  );
});

test('a run that has hardly begun has empty answers, not errors', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path, () => undefined);
  for (const path of ['run', 'history', 'events', 'quality', 'samples']) {
    assert.equal((await fetch(`${served_.url}/api/${path}`)).status, 200, path);
  }
});

test('the page and all answers forbid scripts of elsewhere, framing, sniffing, referrers and caching', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  for (const path of ['/', '/page.js', '/page.css', '/api/run', '/nothing']) {
    const { headers } = await fetch(served_.url + path);
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'"]) {
      assert.ok(policy.includes(part), `${path}: ${policy}`);
    }
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path);
    assert.equal(headers.get('cache-control'), 'no-store', path);
  }
  // What the document itself asks for is here as well.
  const document = await (await fetch(served_.url)).text();
  assert.doesNotMatch(document, /(src|href)="(https?:)?\/\//);
});

test('nothing but the pictures leaves the run directory: not the token, not by any path', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  const { run, url } = served_;
  record(run);
  const token = run.directory.token();
  await run.picture(1);
  for (const path of [
    '/token',
    '/samples/../token',
    '/samples/..%2ftoken',
    '/samples/%2e%2e/token',
    '/samples/step-000001.png/../../token',
    '/samples/step-000001.png%00',
    '/samples//etc/passwd',
    '/samples/step-1.png',
    '/samples/',
    '/../../../../etc/passwd',
    '/assets/../server.js',
    '/server.js',
    '/config.json',
    '//',
    '/%',
    '/api/__proto__',
    '/__proto__',
    '/constructor',
    'constructor',
    '__proto__',
  ]) {
    const { status, body } = await raw(url, path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.ok(!body.includes(token), path);
  }
  for (const path of ['/', '/page.js', '/api/run', '/api/history', '/api/events', '/api/quality', '/api/samples']) {
    assert.ok(!(await (await fetch(url + path)).text()).includes(token), path);
  }
});

test('only GET and HEAD are answered, and a name of elsewhere that points to this machine is not', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  const { url } = served_;
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await raw(url, '/api/run', {}, method);
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method);
  }
  for (const path of ['/', '/api/run', '/api/stream']) {
    const { status, body } = await raw(url, path, {}, 'HEAD');
    assert.deepEqual([status, body], [200, ''], path);
  }
  for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', '169.254.1.1']) {
    assert.equal((await raw(url, '/api/run', { host })).status, 403, host);
  }
  for (const host of ['localhost', 'localhost:1234', '127.0.0.1:1', '[::1]:8080']) {
    assert.equal((await raw(url, '/api/run', { host })).status, 200, host);
  }
});

test('who watches hears of everything that there is, then of each step, event, evaluation and picture as it comes', async () => {
  await using scratch = scratchFolder();
  let live = liveOf({ step: 20 });
  await using served_ = await served(scratch.path, () => live);
  const { run, url } = served_;
  record(run);
  run.status({ state: 'running' });
  await using stream = await listenTo(`${url}/api/stream`);
  assert.equal((await stream.next('run')).workers.length, 3);
  assert.equal((await stream.next('history')).columns.step.length, 20);
  assert.deepEqual([(await stream.next('events')).all, (await stream.next('quality')).points.length], [true, 2]);
  run.steps(21, 22);
  const { from, columns } = await stream.next('history');
  assert.deepEqual([from, columns.step], [19, [20, 21, 22]]);
  live = liveOf({ state: 'recovering', step: 20, workers: [workerOf('generator-2', { state: 'missing' })] });
  const recovering = await stream.next('run', ({ state }) => state === 'recovering');
  assert.equal(recovering.workers[0]?.state, 'missing');
  run.event({ event: 'stop-requested', by: 'SIGINT' });
  const { all, events } = await stream.next('events');
  assert.deepEqual([all, events.map(({ number, event }) => `${number} ${event}`)], [false, ['3 stop-requested']]);
  run.quality({ step: 22, kid: 0.125 });
  assert.equal((await stream.next('quality')).best?.kid, 0.125);
  await run.picture(22);
  assert.deepEqual((await stream.next('samples', ({ steps }) => steps.length > 0)).steps, [22]);
});

test('a journal that is rewritten (a rollback) makes watchers begin anew', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  const { run, url } = served_;
  run.steps(1, 30, () => ({ discriminatorLoss: 1 }));
  await using stream = await listenTo(`${url}/api/stream`);
  assert.equal((await stream.next('history')).columns.step.length, 30);
  const path = run.directory.file('metrics.jsonl');
  writeFileSync(`${path}.tmp`, `${readFileSync(path, 'utf8').split('\n').slice(0, 10).join('\n')}\n`);
  renameSync(`${path}.tmp`, path);
  run.steps(11, 12, () => ({ discriminatorLoss: 2 }));
  const { from, columns } = await stream.next('history');
  assert.equal(from, 0);
  assert.deepEqual(columns.step.slice(-3), [10, 11, 12]);
  assert.deepEqual(columns.discriminatorLoss.slice(-3), [1, 2, 2]);
});

test('while nobody watches nothing is done, also after somebody has', async () => {
  await using scratch = scratchFolder();
  let asked = 0;
  await using served_ = await served(scratch.path, () => {
    asked += 1;
    return liveOf({ step: asked });
  });
  assert.equal(asked, 0);
  {
    await using stream = await listenTo(`${served_.url}/api/stream`);
    await stream.next('run', ({ step }) => step >= 2);
  }
  // The server has heard that it is gone once it answers what was asked after it.
  let before = -1;
  await until('the end of the work', () => {
    const rests = before === asked;
    before = asked;
    return rests;
  });
  await sleep(1500);
  assert.equal(asked, before, 'not asked in 1.5 s, where a watched run is asked every second');
});

test('watchers are bounded in number: one too many is refused, and gets a place once another leaves', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  const { port } = new URL(served_.url);
  const open = async () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /api/stream HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    return { socket, status: Number(data.toString().split(' ')[1]) };
  };
  const opened = await Promise.all(Array.from({ length: 70 }, open));
  const count = (status: number) => opened.filter((one) => one.status === status).length;
  assert.deepEqual([count(200), count(503)], [64, 6]);
  for (const { socket } of opened) socket.destroy();
  for (;;) {
    const again = await open();
    again.socket.destroy();
    if (again.status === 200) break;
  }
});

test('a page that closes ends the streams of its watchers', async () => {
  await using scratch = scratchFolder();
  const { page, url } = await served(scratch.path);
  const stream = await listenTo(`${url}/api/stream`);
  await stream.next('run');
  await page[Symbol.asyncDispose]();
  await stream.ended();
});

test('a port in use is a sentence with the flag, unless any other will do', async () => {
  await using scratch = scratchFolder();
  await using served_ = await served(scratch.path);
  const { directory } = served_.run;
  const port = Number(new URL(served_.url).port);
  await assert.rejects(servePage({ directory, host: '127.0.0.1', port }), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /port \d+ on 127\.0\.0\.1 is in use.*--page-port 0/);
    return true;
  });
});
