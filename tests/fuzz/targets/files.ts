/** The texts of a run that people and other programs can write: the config file, and the files of a run directory. */
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfigFile } from '../../../coordinator/run/config/config-file.js';
import { compileOptions } from '../../../coordinator/run/config/options.js';
import { newRecord, readRecord, writeRecord } from '../../../coordinator/run/config/record.js';
import { Journal } from '../../../coordinator/run/journal/journal.js';
import { bestOf, readBest } from '../../../coordinator/run/journal/quality.js';
import { emptyRun } from '../../support/runs/checkpoint.js';
import { mutated } from '../mutations.js';
import { type Target, defineTarget } from '../target.js';

/** Nine to the power of `levels`, in a line each. */
export function bomb(levels: number): string {
  return Array.from({ length: levels }, (_, i) => {
    const inside = i === 0 ? 'x' : `*a${i - 1}`;
    return `a${i}: &a${i} [${Array<string>(9).fill(inside).join(', ')}]`;
  }).join('\n');
}

const YAML = [
  'steps: 5\nbatch: 8\nsystem: pggan\ndata: ring8\n',
  '# a comment\nlearningRate: 1e-3\nspectralNorm: true\nwidth: 0.5\n',
  '{ steps: 5, "batch": 8, onCollapse: !!str stop }\n',
  'steps: &n 5\nbatch: *n\n',
  'base: &b { steps: 5 }\n<<: *b\n? [a, b]\n: c\n',
  'data: >-\n  a folded\n  text\nhost: |\n  ::1\n',
  bomb(3),
  bomb(9),
].map((text) => Buffer.from(text));
const soup = fc
  .string({ unit: fc.constantFrom(...Array.from('step: \n-[]{}&*!|>#?"\'1a,%@`')), maxLength: 60 })
  .map((text) => Buffer.from(text));

const RECORDS = ['config.json', 'best.json', 'metrics.jsonl', 'quality.jsonl'] as const;

/** What lies in a run directory: by name, a valid one. */
function seedsOf(record: string): Record<(typeof RECORDS)[number], string> {
  const lines = (values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  const quality = { step: 5, kid: 0.1, generators: { g1: 0.1 }, floor: 0.01, best: 0.1, bestStep: 5, ratio: 1 };
  return {
    'config.json': record,
    'best.json': JSON.stringify({ step: 5, kid: 0.1 }),
    'metrics.jsonl': lines([1, 2, 3].map((step) => ({ step, epoch: 1, ms: 5, generatorLosses: [1, 2] }))),
    'quality.jsonl': lines([quality, { ...quality, step: 10, extra: true }]),
  };
}

export function fileTargets(): { targets: Target[] } & Disposable {
  const scratch = mkdtempSync(join(tmpdir(), 'duet-fuzz-'));
  const directory = emptyRun(join(scratch, 'run'));
  const { training, settings } = compileOptions({});
  const engine = { name: 'tensorflow', device: 'cpu' } as const;
  const record = newRecord(directory, { training, settings, engine, threads: { discriminator: 1 } });
  // The same bytes every time: an input must follow from the seed.
  writeRecord(directory, { ...record, created: '2026-01-01T00:00:00.000Z', versions: {} });
  const seeds = seedsOf(JSON.stringify(readRecord(directory), null, 2));
  const journal = new Journal(directory);
  const read = {
    'config.json': () => readRecord(directory),
    'best.json': () => readBest(directory),
    'metrics.jsonl': () => journal.rewind(2),
    'quality.jsonl': () => [bestOf(journal.readQuality()), journal.rewind(5)],
  };
  const yaml = defineTarget({
    name: 'config file',
    share: 0.04,
    inputs: fc.oneof({ weight: 2, arbitrary: mutated(YAML) }, { weight: 1, arbitrary: soup }),
    reading: (bytes) => ({
      bytes: bytes.length,
      allowance: 256 << 10,
      read() {
        writeFileSync(join(scratch, 'run.yaml'), bytes);
        compileOptions(readConfigFile(join(scratch, 'run.yaml')));
      },
    }),
  });
  const records = defineTarget({
    name: 'run directory',
    share: 0.03,
    inputs: fc
      .constantFrom('config.json', ...RECORDS)
      .chain((name) => mutated([Buffer.from(seeds[name])]).map((bytes) => ({ name, bytes }))),
    reading: ({ name, bytes }) => ({
      bytes: bytes.length,
      allowance: 256 << 10,
      read() {
        writeFileSync(directory.file(name), bytes);
        read[name]();
      },
    }),
  });
  return { targets: [yaml, records], [Symbol.dispose]: () => rmSync(scratch, { recursive: true, force: true }) };
}
