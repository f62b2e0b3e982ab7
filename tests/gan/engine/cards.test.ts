import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { chooseFlavour, detectNvidiaCards, parseCards, visibleCards } from '../../../gan/engine/cards.js';
import { temporaryFolder } from './fake-tools.js';

const LISTING = '0, GPU-1a-2b, NVIDIA H100 80GB HBM3, 81559\n1, GPU-3c-4d, NVIDIA L4, 23034\n';
const CARDS = [
  { index: 0, uuid: 'GPU-1a-2b', name: 'NVIDIA H100 80GB HBM3', memory: 81559 },
  { index: 1, uuid: 'GPU-3c-4d', name: 'NVIDIA L4', memory: 23034 },
];

describe('NVIDIA cards', () => {
  test("are read from nvidia-smi's lines, whatever else it says", () => {
    assert.deepEqual(parseCards(LISTING), CARDS);
    assert.deepEqual(parseCards(`warning: infoROM is corrupted\n${LISTING.replaceAll('\n', '\r\n')}`), CARDS);
    assert.deepEqual(parseCards('No devices were found\n'), []);
  });

  test('that share the memory of the machine are cards too', () => {
    assert.deepEqual(parseCards('0, GPU-5e, NVIDIA GB10, [N/A]\n'), [
      { index: 0, uuid: 'GPU-5e', name: 'NVIDIA GB10', memory: 0 },
    ]);
  });

  test('are none where nvidia-smi is missing or fails, and those it lists where it runs', async (t) => {
    const folder = temporaryFolder(t);
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    assert.deepEqual(await detectNvidiaCards({ PATH: folder }), []);
    const program = join(folder, 'nvidia-smi');
    writeFileSync(program, '#!/bin/sh\necho "NVIDIA-SMI has failed"; exit 9\n');
    chmodSync(program, 0o755);
    assert.deepEqual(await detectNvidiaCards(env), []);
    writeFileSync(program, `#!/bin/sh\nprintf '${LISTING.replaceAll('\n', '\\n')}'\n`);
    assert.deepEqual(await detectNvidiaCards(env), CARDS);
  });

  test('are visible as CUDA_VISIBLE_DEVICES says, in its order', () => {
    assert.deepEqual(visibleCards(CARDS, {}), CARDS);
    assert.deepEqual(visibleCards(CARDS, { CUDA_VISIBLE_DEVICES: '1, 0' }), [...CARDS].reverse());
    assert.deepEqual(visibleCards(CARDS, { CUDA_VISIBLE_DEVICES: 'GPU-3c' }), CARDS.slice(1));
    assert.deepEqual(visibleCards(CARDS, { CUDA_VISIBLE_DEVICES: '' }), []);
    assert.deepEqual(visibleCards(CARDS, { CUDA_VISIBLE_DEVICES: '-1' }), []);
  });
});

test('auto takes the CUDA build where there is a card, cpu never, cuda always or it is an error of the user', () => {
  assert.equal(chooseFlavour('auto', 0), 'cpu');
  assert.equal(chooseFlavour('auto', 1), 'cuda');
  assert.equal(chooseFlavour('cpu', 1), 'cpu');
  assert.equal(chooseFlavour('cuda', 1), 'cuda');
  assert.throws(
    () => chooseFlavour('cuda', 0),
    (error: Error) =>
      error instanceof UsageError && /--device cuda.*nvidia-smi finds no NVIDIA card/.test(error.message),
  );
});
