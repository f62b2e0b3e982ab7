import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratchFolder } from '../support/machine/scratch.js';

const BENCH = fileURLToPath(new URL('../../../bench/run.js', import.meta.url));

function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [BENCH, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}

for (const name of ['step', 'cost']) {
  test(`bench ${name} on a card that is not there ends with exit code 2 and one sentence before anything is measured`, () => {
    // A process that may use no card finds none, on any machine.
    const { status, stdout, stderr } = bench([name, '--device', 'cuda'], { CUDA_VISIBLE_DEVICES: '' });
    assert.equal(status, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: --device cuda was asked for, but [^\n]+ or use --device cpu[^\n]*\n$/);
  });
}

test('bench cost refuses what it cannot measure before it has made a file', async () => {
  await using scratch = scratchFolder();
  const out = `${scratch.path}/cost.jsonl`;
  const refused = [
    [['--values', '64', '--by', 'image,batch'], /Allowed choices are batch, image, width, generators, all/],
    [['--by', 'batch', '--values', '64,1'], /--values '1' cannot be measured/],
    [['--pairs', '0'], /--pairs and --steps take whole numbers from 1 on/],
    [['--device', 'gpu'], /Allowed choices are cpu, cuda/],
  ] as const;
  for (const [args, message] of refused) {
    const { status, stderr } = bench(['cost', '--out', out, ...args]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  }
  assert.equal(existsSync(out), false);
});
