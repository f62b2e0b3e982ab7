import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { exportPage } from '../../support/pages/exported-page.js';
import { TINY } from '../../support/runs/faults.js';
import { coordinator, startRun } from '../../support/runs/run.js';

const PAGE = ['generator-1.js', 'generator-2.js', 'index.html', 'page.css', 'page.js', 'tf.min.js'];
/** The page's own script: without tfjs, which is a megabyte. */
const MOST_SCRIPT = 40_000;

let scratch: Scratch;
let run: string;

before(async () => {
  scratch = scratchFolder();
  run = join(scratch.path, 'run');
  const { code, stderr } = await startRun(run, ...TINY, '--steps', '4', '--checkpoint-every', '2');
  assert.equal(code, 0, stderr);
});

after(() => scratch[Symbol.asyncDispose]());

/** A copy of the run that may be spoilt. */
function copyOf(name: string): string {
  const path = join(scratch.path, name);
  cpSync(run, path, { recursive: true });
  return path;
}

async function refused(...args: string[]): Promise<string> {
  await using command = coordinator(['export', '--page', ...args]);
  const { code, stderr, stdout } = await command.ended;
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^error: [^\n]*\n$/);
  return stderr;
}

test('a run exports no page by itself, and the command says how to get one', async () => {
  assert.deepEqual(readdirSync(join(run, 'export')).sort(), ['generator-1', 'generator-2']);
  await using command = coordinator(['export', '--run', run]);
  assert.match((await command.ended).stdout, /--page\n$/);
  assert.ok(!existsSync(join(run, 'export', 'page')));
});

test('the page is beside the models, of the step that was asked for, and complete in itself', async () => {
  const out = join(scratch.path, 'of-step-2');
  const said = await exportPage(run, '--step', '2', '--out', out);
  assert.match(said, /generator-2 of step 2: .*\npage of step 2: .*of-step-2\/page\/index\.html\n/);
  assert.deepEqual(readdirSync(out).sort(), ['generator-1', 'generator-2', 'page']);
  assert.deepEqual(readdirSync(join(out, 'page')).sort(), PAGE);
  const read = (name: string) => readFileSync(join(out, 'page', name), 'utf8');
  assert.match(read('index.html'), /pggan on ring8, 2 generators, step 2, seed 1/);
  // The weights are those of the model beside it.
  const weights = readFileSync(join(out, 'generator-1', 'weights.bin'));
  assert.ok(read('generator-1.js').includes(`"weights":"${weights.toString('base64')}"`));
  assert.ok(
    read('page.js').length < MOST_SCRIPT,
    `the script has ${read('page.js').length} bytes: tfjs is in it twice`,
  );
  // No address of elsewhere, but the names of XML's language and tfjs's own.
  for (const name of ['index.html', 'page.css', 'page.js']) {
    const addresses = read(name).match(/https?:\/\/[^\s"'`)]+/g) ?? [];
    assert.deepEqual(
      [...new Set(addresses)].filter((address) => !address.startsWith('http://www.w3.org/')),
      [],
      name,
    );
  }
});

test('an old page is replaced whole', async () => {
  const path = copyOf('again');
  await exportPage(path);
  const page = join(path, 'export', 'page');
  writeFileSync(join(page, 'generator-3.js'), 'of a run with three');
  writeFileSync(join(page, 'index.html'), 'old');
  await exportPage(path);
  assert.deepEqual(readdirSync(page).sort(), PAGE);
  assert.match(readFileSync(join(page, 'index.html'), 'utf8'), /^<!doctype html>/);
  assert.deepEqual(readdirSync(join(path, 'export')).sort(), ['generator-1', 'generator-2', 'page']);
});

test('a folder with something else in it is left alone, and so are the models', async () => {
  const out = join(scratch.path, 'mine');
  mkdirSync(join(out, 'page'), { recursive: true });
  writeFileSync(join(out, 'page', 'thesis.tex'), 'years of work');
  assert.match(
    await refused('--run', run, '--out', out),
    /mine\/page holds thesis\.tex, which .* choose another --out/,
  );
  assert.deepEqual(readdirSync(out), ['page']);
  assert.deepEqual(readdirSync(join(out, 'page')), ['thesis.tex']);
});

test('what cannot be is told in one sentence', async () => {
  assert.match(await refused('--run', run, '--step', '3'), /no checkpoint of step 3: there are 2, 4/);
  const fresh = copyOf('fresh');
  rmSync(join(fresh, 'checkpoints'), { recursive: true });
  assert.match(await refused('--run', fresh), /has no checkpoint yet: train it further/);
  const file = scratch.write('file', 'not a folder');
  assert.match(await refused('--run', run, '--out', file), /cannot be written .*choose another --out/);
  scratch.write('half/page', 'not a folder');
  assert.match(await refused('--run', run, '--out', join(scratch.path, 'half')), /half\/page cannot be written/);

  const unknown = copyOf('unknown');
  const config = join(unknown, 'config.json');
  for (const [shape, sentence] of [
    [[], /config\.json does not say the shape of a sample: a page cannot show it; leave --page away/],
    [[3], /says \[3\], which is no image and no points of a known mixture/],
    [[28, 28, 4], /says \[28, 28, 4\], which is no image/],
  ] as const) {
    const record = JSON.parse(readFileSync(config, 'utf8')) as object;
    writeFileSync(config, JSON.stringify({ ...record, sampleShape: shape }));
    assert.match(await refused('--run', unknown), sentence);
  }
});
