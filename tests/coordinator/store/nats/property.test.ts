/** Whatever is done to a directory, and whenever the network is cut: what comes back from NATS is the directory, byte for byte. */
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discardCheckpoint, listCheckpoints } from '../../../../coordinator/run/checkpoints/checkpoints.js';
import type { RunDirectory } from '../../../../coordinator/run/directory.js';
import { LogShape } from '../../../../coordinator/store/nats/log-shape.js';
import { type CutProxy, cutProxy } from '../../../support/hosts/cut-proxy.js';
import { scratchFolder } from '../../../support/machine/scratch.js';
import { writeCheckpoint } from '../../../support/runs/checkpoint.js';
import { startNatsServer } from '../../../support/stores/nats-server.js';
import { QUIET, contentOf, copyOf, natsStore, settle } from '../../../support/stores/store.js';

const log = fc.constantFrom('events.jsonl', 'metrics.jsonl', 'quality.jsonl');
const text = fc.string({ unit: 'binary', maxLength: 20 });
const ordinary = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), log, text }),
  fc.record({ kind: fc.constant('rewrite' as const), log, keep: fc.nat(6), more: fc.array(text, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('document' as const), text }),
  fc.record({ kind: fc.constant('undocument' as const) }),
  fc.record({ kind: fc.constant('checkpoint' as const), step: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('discard' as const), step: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('picture' as const),
    step: fc.nat(2),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
  }),
  fc.record({ kind: fc.constant('wait' as const) }),
);
/** What was under way at a cut is asked again after seconds only: a few cuts must do. */
const change = fc.oneof(
  { arbitrary: ordinary, weight: 60 },
  { arbitrary: fc.record({ kind: fc.constant('cut' as const) }), weight: 1 },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

async function make(
  directory: RunDirectory,
  lines: Map<string, string[]>,
  proxy: CutProxy,
  one: Change,
): Promise<void> {
  const known = (name: string) => lines.get(name) ?? [];
  switch (one.kind) {
    case 'append':
      lines.set(one.log, [...known(one.log), JSON.stringify({ event: 'exported', folder: one.text })]);
      return directory.append(one.log, { event: 'exported', folder: one.text });
    case 'rewrite': {
      const next = [...known(one.log).slice(0, one.keep), ...one.more.map((more) => JSON.stringify({ more }))];
      lines.set(one.log, next);
      return directory.rewrite(one.log, next);
    }
    case 'document':
      return directory.writeJson('best.json', { text: one.text });
    case 'undocument':
      return directory.removeDocument('best.json');
    case 'checkpoint':
      return void writeCheckpoint(directory, one.step);
    case 'discard':
      return listCheckpoints(directory).includes(one.step) ? discardCheckpoint(directory, one.step) : undefined;
    case 'picture':
      return directory.writePicture(`samples/step-00000${one.step}.png`, one.bytes);
    case 'cut':
      proxy.cut();
      return proxy.mend();
    case 'wait':
      // Lets the store get some of it.
      return await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('any changes, with any cuts of the network between them, come back byte for byte', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using proxy = await cutProxy(server.port);
  await using far = await natsStore(`nats://127.0.0.1:${proxy.port}`);
  await using near = await natsStore(server.url);
  let runs = 0;
  let cuts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 30 }), async (changes) => {
      const id = `run-${(runs += 1)}`;
      const directory = copyOf(scratch.path, id, 'work');
      {
        await using run = await far.open(directory, QUIET);
        directory.writeJson('config.json', { id });
        const lines = new Map<string, string[]>();
        for (const one of changes) {
          if (one.kind === 'cut') cuts += 1;
          await make(directory, lines, proxy, one);
        }
        await settle(run);
      }
      const copy = copyOf(scratch.path, id, 'copy');
      await using _run = await near.open(copy, QUIET);
      assert.deepEqual(contentOf(copy), contentOf(directory));
    }),
    { numRuns: 60, seed: 1, endOnFailure: true },
  );
  assert.ok(cuts > 3);
});

test('the changes that the shape of a log gives make the log of them, for any appends and rewrites', () => {
  const line = fc.string({ unit: 'binary', maxLength: 3 }).filter((one) => !one.includes('\n'));
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.array(line, { maxLength: 5 }))), (steps) => {
      const shape = new LogShape('metrics.jsonl');
      let lines: string[] = [];
      let bytes = Buffer.alloc(0);
      for (const step of steps) {
        const made = typeof step === 'string' ? shape.appended(step) : shape.rewritten(step);
        lines = typeof step === 'string' ? [...lines, step] : step;
        if (made !== undefined)
          bytes = Buffer.concat([bytes.subarray(0, made.keep ?? bytes.length), Buffer.from(made.text)]);
        assert.deepEqual(bytes, Buffer.from(lines.map((one) => `${one}\n`).join('')));
      }
    }),
    { seed: 1 },
  );
});
