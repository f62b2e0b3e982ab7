/** Checkpoints on the disk with one file damaged: what resume and restore read. */
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuetError } from '../../../common/errors.js';
import { verifyCheckpoint } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { encodeManifest } from '../../../coordinator/run/checkpoints/manifest.js';
import { FILES, checkpointFile, emptyRun, writeCheckpoint } from '../../support/runs/checkpoint.js';
import { ROLES } from '../../support/runs/run.js';
import { Finding } from '../meter.js';
import { mutated } from '../mutations.js';
import { type Target, defineTarget } from '../target.js';

const STEP = 20;

/** A manifest whose own sha256 is right and whose content is not. */
const forged = fc
  .record({
    step: fc.oneof(fc.constant(STEP), fc.constantFrom(0, 2 ** 53, -1, 0.5)),
    roles: fc.dictionary(
      fc.oneof(fc.constantFrom(...ROLES), fc.constantFrom('__proto__', '../../x', '')),
      fc.record({
        file: fc.oneof(fc.constantFrom(...FILES), fc.constantFrom('../../../x', '/dev/zero', '')),
        bytes: fc.oneof(fc.nat(1000), fc.constantFrom(2 ** 40, 2 ** 53, -1)),
        sha256: fc.oneof(fc.constant('0'.repeat(64)), fc.string()),
      }),
      { maxKeys: 4 },
    ),
  })
  .map((content) => Buffer.from(encodeManifest(content)));

export function checkpointTarget(): Target & Disposable {
  const scratch = mkdtempSync(join(tmpdir(), 'duet-fuzz-'));
  const directory = emptyRun(join(scratch, 'run'));
  writeCheckpoint(directory, STEP);
  const whole = new Map(FILES.map((name) => [name, readFileSync(checkpointFile(directory, STEP, name))]));
  const damaged = fc
    .constantFrom('manifest.json', ...FILES)
    .chain((name) => mutated([whole.get(name) ?? Buffer.alloc(0)]).map((bytes) => ({ name, bytes, isForged: false })));
  const target = defineTarget({
    name: 'checkpoints',
    share: 0.05,
    inputs: fc.oneof(
      { weight: 3, arbitrary: damaged },
      { weight: 1, arbitrary: forged.map((bytes) => ({ name: 'manifest.json', bytes, isForged: true })) },
    ),
    reading: ({ name, bytes, isForged }) => ({
      bytes: bytes.length,
      allowance: 2 * bytes.length + (128 << 10),
      read() {
        const path = checkpointFile(directory, STEP, name);
        const before = whole.get(name) ?? Buffer.alloc(0);
        writeFileSync(path, bytes);
        try {
          verifyCheckpoint(directory, STEP, ROLES);
        } catch (error) {
          if (bytes.equals(before)) throw new Finding('nothing was damaged', { cause: error });
          if (!isForged && error instanceof DuetError && !error.message.includes(name))
            throw new Finding(`${name} is not named: ${error.message}`);
          throw error;
        } finally {
          writeFileSync(path, before);
        }
        if (!bytes.equals(before)) throw new Finding(`a damaged ${name} was taken`);
      },
    }),
  });
  return { ...target, [Symbol.dispose]: () => rmSync(scratch, { recursive: true, force: true }) };
}
