import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { planRuns } from '../../../coordinator/compare/plan.js';
import { checkComparison, readComparison } from '../../../coordinator/compare/spec.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { coordinator } from '../../support/runs/run.js';

const POINTS = {
  name: 'points',
  systems: { gan: { system: 'gan' }, pggan: { system: 'pggan' } },
  data: ['ring8', 'grid25'],
  seeds: 2,
};
const plan = (value: Record<string, unknown>) => planRuns(checkComparison(value, 'points.yaml'), 'points.yaml');

test('the smallest file is completed by defaults', () => {
  const comparison = checkComparison(POINTS, 'points.yaml');
  assert.deepEqual(comparison.seeds, [1, 2]);
  assert.deepEqual(comparison.settings, { '': {} });
  assert.deepEqual(comparison.evaluate, { samples: 2000, seed: 1 });
  assert.deepEqual(comparison.primary, { ring8: 'modes', grid25: 'modes' });
  assert.deepEqual(comparison.tests, { alpha: 0.05, baseline: 'gan' });
  assert.deepEqual(comparison.keep, { checkpoints: 'none' });
  assert.equal(comparison.parallel, 'auto');
});

test('what cannot be is refused with the place, the value and the cure, before anything runs', () => {
  const cases: [change: Record<string, unknown>, reason: RegExp][] = [
    [{ sytems: {} }, /unknown key 'sytems' in points\.yaml \(did you mean 'systems'\?\)/],
    [{ name: undefined }, /lacks the key 'name'/],
    [{ name: 'a/b' }, /name: 'a\/b' .*label of letters/],
    [{ systems: {} }, /names no systems/],
    [{ systems: { 'a b': {} } }, /systems.*not 'a b'/],
    [{ systems: { gan: { system: 'sgann' } } }, /the system 'gan' on ring8 .*--system "sgann".*choose one of/],
    [{ systems: { gan: { sistem: 'gan' } } }, /unknown key 'sistem'.*did you mean 'system'\?/],
    [{ systems: { gan: { system: 'gan', generators: 2 } } }, /'gan' has one generator, not 2/],
    [{ systems: { gan: { seed: 3 } } }, /systems\.gan .*cannot have the key 'seed': list seeds under 'seeds'/],
    [{ common: { data: 'mnist' } }, /common .*cannot have the key 'data'/],
    [{ data: [] }, /data: \[\] .*give a list/],
    [{ data: ['ring9'] }, /'ring9', which does not exist.*did you mean 'ring8'\?/],
    [{ data: ['ring8', 'ring8'] }, /has ring8 twice/],
    [{ data: ['.'] }, /nothing measures samples of '\.'.*evaluate: false/],
    [{ seeds: 0 }, /seeds: 0 .*number of seeds/],
    [{ seeds: [1, 1] }, /has 1 twice/],
    [{ seeds: [-1] }, /seeds\.0: -1 /],
    [{ perData: { ring9: {} } }, /'ring9', which is not compared: there are ring8, grid25 \(did you mean 'ring8'\?\)/],
    [{ primary: { ring8: 'mods' } }, /primary\.ring8: 'mods' .*did you mean 'modes'\?/],
    [{ tests: { alpha: 2 } }, /tests\.alpha: 2 /],
    [{ tests: { baseline: 'gann' } }, /names the system 'gann'.*did you mean 'gan'\?/],
    [{ tests: { aplha: 0.05 } }, /unknown key 'aplha' in tests of points\.yaml \(did you mean 'alpha'\?\)/],
    [{ evaluate: { sample: 5 } }, /unknown key 'sample' in evaluate of points\.yaml \(did you mean 'samples'\?\)/],
    [{ evaluate: true }, /evaluate: true .*evaluate: false/],
    [{ keep: { checkpoints: 'lst' } }, /keep\.checkpoints: 'lst' .*did you mean 'last'\?/],
    [{ parallel: 0 }, /parallel: 0 .*parallel: auto/],
    [
      { systems: { gan: { system: 'gan', beta1: 0.9 } }, settings: { B: { beta1: 0.5 } } },
      /both give 'beta1': one would hide the other/,
    ],
    [
      { systems: { a: {}, 'a-b': {} }, settings: { 'b-c': {}, c: {} } },
      /would share the folder runs\/ring8\/a-b-c\/seed-1/,
    ],
  ];
  for (const [change, reason] of cases) {
    const what = JSON.stringify(change);
    const error = refusal(() => plan({ ...POINTS, ...change }), what);
    assert.match(error.message, reason, what);
    assert.doesNotMatch(error.message, /\n/, what);
    assert.ok(error.message.length < 500, what);
  }
});

function refusal(action: () => unknown, what: string): UsageError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof UsageError, `${what}: ${error instanceof Error ? error.stack : String(error)}`);
    return error;
  }
  assert.fail(`${what} was taken`);
}

test('any JSON object is planned or refused, never anything else', () => {
  const keys = [...Object.keys(POINTS), 'settings', 'common', 'perData', 'evaluate', 'primary', 'tests', 'keep'];
  const change = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 3 });
  fc.assert(
    fc.property(change, (given) => {
      try {
        plan({ ...POINTS, ...given });
      } catch (error) {
        assert.ok(error instanceof UsageError, error instanceof Error ? error.stack : String(error));
        assert.doesNotMatch(error.message, /\n/);
      }
    }),
    { numRuns: 2000 },
  );
});

test('on the command line a wrong file ends with exit code 2 and leaves nothing', async () => {
  await using scratch = scratchFolder();
  const file = scratch.write('wrong.yaml', 'name: x\nsystems: { a: { system: sgan } }\ndata: [ring8]\nseeds: 1\n');
  await using command = coordinator(['compare', file, '--out', `${scratch.path}/out`], { cwd: scratch.path });
  const { code, stderr } = await command.ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^error: the system 'a' on ring8 .*--system "sgan"/);
  const few = scratch.write(
    'few.yaml',
    'name: x\nsystems: { a: {} }\ndata: [mnist]\nseeds: 1\nevaluate: { samples: 20 }\n',
  );
  await using command2 = coordinator(['compare', few, '--out', `${scratch.path}/out`], { cwd: scratch.path });
  const refused = await command2.ended;
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(
    refused.stderr,
    /^error: --samples 20 are too few: mnist needs at least \d+/,
    'before a run is trained for it',
  );
  await using none = coordinator(['compare', `${scratch.path}/none.yaml`], { cwd: scratch.path });
  assert.equal((await none.ended).code, 2);
  assert.throws(() => readComparison(`${scratch.path}/out`), UsageError, 'nothing was made');
});
