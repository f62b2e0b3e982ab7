import { zipSync } from 'fflate';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { openNpz } from '../../../gan/data/npz.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { type Npy, npy, npz, ramp } from '../../support/numbers/npy.js';

/** numpy 2.4.6: savez_compressed of train_images = arange(2352) % 256 as [3, 28, 28], test_images its first two reversed. */
const WRITTEN_BY_NUMPY = [
  'UEsDBC0AAAAIAAAAIQC2xJTY//////////8QABQAdHJhaW5faW1hZ2VzLm5weQEAEACwCQAAAAAAAGwBAAAAAAAAm+wX6hsQychQxlCtnpJanF',
  'ykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjoKRhYgrKmjUKtADuBiYGRiZmFlY+fg5OLm4eXjFxAUEhYRFROXkJSS',
  'lpGVk1dQVFJWUVVT19DU0tbR1dM3MDQyNjE1M7ewtLK2sbWzd3B0cnZxdXP38PTy9vH18w8IDAoOCQ0Lj4iMio6JjYtPSExKTklNS8/IzMrOyc',
  '3LLygsKi4pLSuvqKyqrqmtq29obGpuaW1r7+js6u7p7eufMHHS5ClTp02fMXPW7Dlz581fsHDR4iVLly1fsXLV6jVr163fsHHT5i1bt23fsXPX',
  '7j179+0/cPDQ4SNHjx0/cfLU6TNnz52/cPHS5StXr12/cfPW7Tt3791/8PDR4ydPnz1/8fLV6zdv373/8PHT5y9fv33/8fPX7z9///0f9f+o/0',
  'f9P+r/Uf+P+n/U/6P+J+R/AFBLAwQtAAAACAAAACEAfKQYhv//////////DgAUAHZhbF9pbWFnZXMubnB5AQAQAJADAAAAAAAAXgEAAAAAAACb',
  '7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOgpGFiCsqaNQq0AO4GJgZGJmYWVj5+Dk4u',
  'bh5eMXEBQSFhEVE5eQlJKWkZWTV1BUUlZRVVPX0NTS1tHV0zcwNDI2MTUzt7C0sraxtbN3cHRydnF1c/fw9PL28fXzDwgMCg4JDQuPiIyKjomN',
  'i09ITEpOSU1Lz8jMys7JzcsvKCwqLiktK6+orKquqa2rb2hsam5pbWvv6Ozq7unt658wcdLkKVOnTZ8xc9bsOXPnzV+wcNHiJUuXLV+xctXqNW',
  'vXrd+wcdPmLVu3bd+xc9fuPXv37T9w8NDhI0ePHT9x8tTpM2fPnb9w8dLlK1evXb9x89btO3fv3X/w8NHjJ0+fPX/x8tXrN2/fvf/w8dPnL1+/',
  'ff/x89fvP3///R/1/6j/kf0PAFBLAwQtAAAACAAAACEA/NRM8f//////////DwAUAHRlc3RfaW1hZ2VzLm5weQEAEACgBgAAAAAAAGcBAAAAAA',
  'AAm+wX6hsQychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjoKRhYgrKmjUKtADuASEBQSFhEVE5eQ',
  'lJKWkZWTV1BUUlZRVVPX0NTS1tHV0zcwNDI2MTUzt7C0sraxtbN3cHRydnF1c/fw9PL28fXzDwgMCg4JDQuPiIyKjomNi09ITEpOSU1Lz8jMys',
  '7JzcsvKCwqLiktK6+orKquqa2rb2hsam5pbWvv6Ozq7unt658wcdLkKVOnTZ8xc9bsOXPnzV+wcNHiJUuXLV+xctXqNWvXrd+wcdPmLVu3bd+x',
  'c9fuPXv37T9w8NDhI0ePHT9x8tTpM2fPnb9w8dLlK1evXb9x89btO3fv3X/w8NHjJ0+fPX/x8tXrN2/fvf/w8dPnL1+/ff/x89fvP3///WdgZG',
  'JmYWVj5+Dk4ubh5eMf9f+o/5H9Pxo+o/4f9T/C/wBQSwMELQAAAAgAAAAhACqGK+b//////////xAAFAB0cmFpbl9sYWJlbHMubnB5AQAQAIMA',
  'AAAAAAAASQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgqGmjoKtQpkAy',
  '4GBgYAUEsBAi0DLQAAAAgAAAAhALbElNhsAQAAsAkAABAAAAAAAAAAAAAAAIABAAAAAHRyYWluX2ltYWdlcy5ucHlQSwECLQMtAAAACAAAACEA',
  'fKQYhl4BAACQAwAADgAAAAAAAAAAAAAAgAGuAQAAdmFsX2ltYWdlcy5ucHlQSwECLQMtAAAACAAAACEA/NRM8WcBAACgBgAADwAAAAAAAAAAAA',
  'AAgAFMAwAAdGVzdF9pbWFnZXMubnB5UEsBAi0DLQAAAAgAAAAhACqGK+ZJAAAAgwAAABAAAAAAAAAAAAAAAIAB9AQAAHRyYWluX2xhYmVscy5u',
  'cHlQSwUGAAAAAAQABAD1AAAAfwUAAAAA',
].join('');

const TRAIN = ramp([3, 28, 28]);
const TEST = ramp([2, 28, 28], 5);

/** The message that refuses these bytes; it names the file. */
async function refusal(bytes: Uint8Array): Promise<string> {
  await using scratch = scratchFolder();
  const path = scratch.write('data.npz', bytes);
  let message = '';
  assert.throws(
    () => openNpz(path),
    (error) => {
      ({ message } = error as Error);
      return error instanceof UsageError && message.includes(path);
    },
  );
  return message;
}

const refusalOf = (train: Npy, heldOut: Npy = TEST) => refusal(npz({ train_images: train, test_images: heldOut }));

/** Overwrites the declared size of an entry in the zip's central directory. */
function declaring(bytes: Uint8Array, entry: number, size: number): Uint8Array {
  const zip = Buffer.from(bytes);
  let at = -1;
  for (let i = 0; i <= entry; i += 1) at = zip.indexOf('PK\x01\x02', at + 1, 'latin1');
  zip.writeUInt32LE(size, at + 24);
  return zip;
}

test('an archive written by numpy itself is read: test images held out, validation images and labels ignored', async () => {
  await using scratch = scratchFolder();
  const data = openNpz(scratch.write('numpy.npz', Buffer.from(WRITTEN_BY_NUMPY, 'base64')));
  assert.deepEqual([data.shape, data.count, data.heldOut], [[28, 28, 1], 3, 2]);
  const image = (i: number) => Float32Array.from({ length: 784 }, (_, k) => ((i * 784 + k) % 256) / 127.5 - 1);
  assert.deepEqual(data.gather(Uint32Array.of(2, 0)), Float32Array.of(...image(2), ...image(0)));
  assert.deepEqual(data.gatherHeldOut(Uint32Array.of(0)), image(1));
});

test('images with three channels keep them', async () => {
  await using scratch = scratchFolder();
  const arrays = { train_images: ramp([2, 32, 32, 3]), test_images: ramp([1, 32, 32, 3]) };
  const data = openNpz(scratch.write('rgb.npz', npz(arrays)));
  assert.deepEqual([data.shape, data.count, data.heldOut], [[32, 32, 3], 2, 1]);
  assert.equal(data.gather(Uint32Array.of(0))[2], Math.fround(2 / 127.5 - 1));
});

test('a type other than uint8 is refused and named', async () => {
  assert.match(await refusalOf({ ...ramp([3, 28, 28]), data: new Uint8Array(3 * 784 * 4), descr: '<f4' }), /uint8.*f4/);
  assert.match(await refusalOf({ ...TRAIN, descr: '|b1' }), /uint8.*b1/);
  assert.match(await refusalOf({ ...TRAIN, descr: '|i1' }), /uint8.*i1/);
  assert.match(await refusalOf({ ...TRAIN, descr: '|O' }), /train_images/);
});

test('a missing array is refused and named', async () => {
  assert.match(await refusal(npz({ train_images: TRAIN })), /test_images/);
  assert.match(await refusal(npz({ images: TRAIN, test_images: TEST })), /train_images/);
});

test('a shape that is not of square images is refused', async () => {
  for (const shape of [[2352], [84, 28], [3, 28, 28, 1, 1], [1, 28, 28, 4], [0, 28, 28], [-3, -28, 28]]) {
    const size = Math.abs(shape.reduce((a, b) => a * b, 1));
    assert.match(await refusalOf({ shape, data: new Uint8Array(size) }), /must be \[n, size, size\]/, shape.join());
  }
  assert.match(await refusalOf(ramp([3, 28, 32]), ramp([2, 28, 32])), /square/);
});

test('test images of another size than the training images are refused', async () => {
  assert.match(await refusalOf(TRAIN, ramp([2, 32, 32])), /\[2, 32, 32.*\[3, 28, 28/);
});

test('Fortran order is refused', async () => {
  assert.match(await refusalOf({ ...TRAIN, fortranOrder: true }), /Fortran/);
});

test('a header whose shape is not the size of the data is refused', async () => {
  assert.match(await refusalOf({ ...TRAIN, shape: [4, 28, 28] }), /claims \[4, 28, 28\]/);
  assert.match(await refusalOf({ ...TRAIN, shape: [2, 28, 28] }), /claims \[2, 28, 28\]/);
  assert.match(await refusalOf({ ...TRAIN, shape: [1e12, 28, 28] }), /claims/);
});

test('what is not an archive, or only the half of one, is refused', async () => {
  const whole = npz({ train_images: TRAIN, test_images: TEST });
  await refusal(new Uint8Array());
  await refusal(Buffer.from('no zip at all'));
  await refusal(whole.subarray(0, whole.length / 2));
  await refusal(npy(TRAIN));
  assert.match(
    await refusal(zipSync({ 'train_images.npy': Buffer.from('no npy'), 'test_images.npy': npy(TEST) })),
    /train_images/,
  );
  assert.match(
    await refusal(zipSync({ 'train_images.npy': npy(TRAIN).subarray(0, 60), 'test_images.npy': npy(TEST) })),
    /train_images/,
  );
});

test('an entry that claims more than it can hold is refused before memory is taken', async () => {
  const whole = npz({ train_images: TRAIN, test_images: TEST });
  const before = process.memoryUsage().arrayBuffers;
  assert.match(await refusal(declaring(whole, 0, 0xffff_fff0)), /claims 4294967280 bytes/);
  assert.match(await refusal(declaring(whole, 1, 2 ** 30)), /claims 1073741824 bytes/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 28);
});

test('an entry that holds more than it claims is refused', async () => {
  await refusal(declaring(npz({ train_images: TRAIN, test_images: TEST }), 0, 500));
});
