import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { newPlan } from '../../../coordinator/cli/start/plan.js';
import { readConfigFile } from '../../../coordinator/run/config/config-file.js';
import { OPTION_KEYS, compileOptions } from '../../../coordinator/run/config/options.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { coordinator } from '../../support/runs/run.js';

function messageOfRefusal(compile: () => unknown, what: string): string {
  try {
    compile();
  } catch (error) {
    assert.ok(error instanceof UsageError, `${what}: ${String(error)}`);
    assert.equal(error.exitCode, 2);
    assert.doesNotMatch(error.message, /\n/, `${what}: one line`);
    assert.ok(error.message.length < 400, `${what}: ${error.message.length} characters`);
    return error.message;
  }
  assert.fail(`${what} was taken`);
}

test('without anything given every key has its default', () => {
  const { training, settings } = compileOptions({});
  assert.deepEqual(
    [training.system, training.generators, training.data, training.steps, training.batch, training.seed],
    ['pggan', 2, 'mnist', 3000, 64, 1],
  );
  assert.deepEqual([settings.port, settings.host, settings.placement], [50051, '127.0.0.1', 'local']);
});

test('what a run may stand of faults has its defaults and its limits', () => {
  const { maxCrashes, maxEvictions, maxFaultySteps, heartbeatDeadline, stepDeadline, spares } = compileOptions(
    {},
  ).settings;
  assert.deepEqual(
    [maxCrashes, maxEvictions, maxFaultySteps, heartbeatDeadline, stepDeadline, spares],
    [100, 50, 20, 10, 60, 0],
  );
  const edge = {
    maxCrashes: 0,
    maxEvictions: 0,
    maxFaultySteps: 0,
    heartbeatDeadline: 2,
    stepDeadline: 0.5,
    spares: 16,
  };
  for (const [key, value] of Object.entries(edge)) {
    assert.equal(Object.entries(compileOptions(edge).settings).find(([name]) => name === key)?.[1], value, key);
  }
});

test('flags win over the file, which wins over the defaults', async () => {
  await using scratch = scratchFolder();
  const file = readConfigFile(scratch.write('run.yaml', 'steps: 5\nbatch: 8\n'));
  // As `start` puts them together.
  const { training } = newPlan({ ...file, batch: 16 });
  assert.deepEqual([training.steps, training.batch, training.seed], [5, 16, 1]);
});

test('on the command line, too, a flag wins over the file', async () => {
  await using scratch = scratchFolder();
  const file = scratch.write('run.yaml', 'steps: 0\nbatch: 1\n');
  await using command = coordinator(['start', '--config', file, '--steps', '7'], { cwd: scratch.path });
  const { code, stderr } = await command.ended;
  assert.equal(code, 2);
  assert.match(stderr, /^error: --batch 1 /, "steps: 0 of the file is wrong as well, and gave way to the flag's 7");
});

test('workers are one discriminator and the generators', () => {
  assert.equal(compileOptions({ workers: 3 }).training.generators, 2);
  assert.equal(compileOptions({ workers: 128 }).training.generators, 127);
  assert.equal(compileOptions({ workers: 4, generators: 3 }).training.generators, 3);
  assert.equal(compileOptions({ workers: 2, system: 'gan' }).training.generators, 1);
  assert.equal(compileOptions({ system: 'gan' }).training.generators, 1);
});

test('sngan is one generator and spectral norm; spectral norm goes with every system', () => {
  const { generators, spectralNorm } = compileOptions({ system: 'sngan' }).training;
  assert.deepEqual([generators, spectralNorm], [1, true]);
  for (const system of ['gan', 'pggan']) {
    assert.equal(compileOptions({ system }).training.spectralNorm, false);
    assert.equal(compileOptions({ system, spectralNorm: true }).training.spectralNorm, true);
  }
});

test('a setting of the SNGAN paper gives its row of the table, and what is given itself wins', () => {
  // Miyato et al. 2018, table 1: alpha, beta1, beta2, n_dis.
  const table = {
    A: [1e-4, 0.5, 0.9, 5],
    B: [1e-4, 0.5, 0.999, 1],
    C: [2e-4, 0.5, 0.999, 1],
    D: [1e-3, 0.5, 0.9, 5],
    E: [1e-3, 0.5, 0.999, 5],
    F: [1e-3, 0.9, 0.999, 5],
  };
  const row = (given: Record<string, unknown>) => {
    const { learningRate, beta1, beta2, discriminatorSteps } = compileOptions(given).training;
    return [learningRate, beta1, beta2, discriminatorSteps];
  };
  for (const [setting, values] of Object.entries(table)) assert.deepEqual(row({ setting }), values, setting);
  assert.deepEqual(row({}), table.C);
  assert.deepEqual(row({ setting: 'F', learningRate: 0.01, discriminatorSteps: 2 }), [0.01, 0.9, 0.999, 2]);
});

test('--no-spectral-norm beats spectralNorm: true of the file', async () => {
  await using scratch = scratchFolder();
  const file = scratch.write('run.yaml', 'system: sngan\nspectralNorm: true\n');
  await using command = coordinator(['start', '--config', file, '--no-spectral-norm'], { cwd: scratch.path });
  const { code, stderr } = await command.ended;
  assert.equal(code, 2);
  assert.match(stderr, /leave --no-spectral-norm away/);
});

test('what cannot be is refused with the value and the cure, on one line', () => {
  const cases: [given: Record<string, unknown>, reason: RegExp][] = [
    [{ workers: 1 }, /--workers takes 2 to 128.*not 1$/],
    [{ workers: 129 }, /not 129/],
    [{ workers: '3' }, /not "3"/],
    [{ workers: null }, /not null/],
    [{ workers: 3, generators: 5 }, /--workers 3 and --generators 5 disagree/],
    [{ workers: 3, system: 'gan' }, /'gan' has one generator, not 2: use --workers 2/],
    [{ workers: 3, system: 'sngan' }, /'sngan' has one generator, not 2: use --workers 2/],
    [{ generators: 4, system: 'sngan' }, /'sngan' has one generator, not 4/],
    [{ system: 'sngan', spectralNorm: false }, /'sngan' is a GAN with spectral norm: leave --no-spectral-norm away/],
    [{ spectralNorm: 'yes' }, /--spectral-norm "yes" .*expected a boolean/],
    [{ setting: 'G' }, /--setting "G" .*choose one of A, B, C, D, E, F/],
    [{ setting: 'a' }, /--setting "a" .*choose one of A, B/],
    [{ discriminatorSteps: 0 }, /--discriminator-steps 0 .*>=1/],
    [{ discriminatorSteps: 65 }, /--discriminator-steps 65 .*<=64/],
    [{ order: 'simultaneous', discriminatorSteps: 2 }, /--order simultaneous .*2 updates ahead: use --disc/],
    [{ order: 'simultaneous', setting: 'F' }, /5 updates ahead/],
    [{ generatorWidth: 0 }, /--generator-width 0 .*>=0\.0625/],
    [{ system: 'pgan' }, /--system "pgan".*pggan, gan.*did you mean 'pggan'\?/],
    [{ system: { toString: 1, valueOf: 1 } }, /choose one of pggan, gan/],
    [{ stepz: 1 }, /unknown key 'stepz'.*did you mean 'steps'\?/],
    [{ ['a\nb']: 1 }, /unknown key 'a\\nb'/],
    [{ ['x'.repeat(1_000_000)]: 1 }, /unknown key 'xxx/],
    [{ loss: 'x'.repeat(1_000_000) }, /--loss "xxx/],
    [{ steps: 0 }, /--steps 0 .*>=1/],
    [{ steps: 1.5 }, /--steps 1\.5 .*whole number/],
    [{ steps: Number.NaN }, /--steps NaN /],
    [{ steps: Number.POSITIVE_INFINITY }, /--steps Infinity /],
    [{ steps: 2e9 }, /--steps 2000000000 .*<=1000000000/],
    [{ steps: [5] }, /--steps \[5\] .*expected a number/],
    [{ batch: 1 }, /--batch 1 .*>=2/],
    [{ seed: -1 }, /--seed -1 .*>=0/],
    [{ seed: 2 ** 60 }, /--seed 1152921504606847000 .*too big/],
    [{ learningRate: 0 }, /--learning-rate 0 .*>0/],
    [{ beta1: 1 }, /--beta1 1 .*<1/],
    [{ channels: 2 }, /--channels 2 .*choose one of 1, 3/],
    [{ imageSize: 8 }, /--image-size 8 .*>=16/],
    [{ port: 70000 }, /--port 70000 .*<=65535/],
    [{ host: '0.0.0.0' }, /--host 0\.0\.0\.0 can be reached by others.*127\.0\.0\.1.*--insecure/],
    [{ device: 'gpu' }, /--device "gpu".*auto/],
    [{ onCollapse: 'rolback' }, /--on-collapse "rolback".*ignore, stop, rollback.*did you mean 'rollback'\?/],
    [{ evaluateEvery: -1 }, /--evaluate-every -1 .*>=0/],
    [{ collapseRatio: 0 }, /--collapse-ratio 0 .*>0/],
    [{ maxRollbacks: 0.5 }, /--max-rollbacks 0\.5 .*whole number/],
    [{ threads: 0 }, /--threads 0 .*>=1/],
    [{ maxCrashes: -1 }, /--max-crashes -1 .*>=0/],
    [{ maxEvictions: 1.5 }, /--max-evictions 1\.5 .*whole number/],
    [{ maxFaultySteps: 'few' }, /--max-faulty-steps "few" .*expected a number/],
    [{ heartbeatDeadline: 1.9 }, /--heartbeat-deadline 1\.9 .*>=2/],
    [{ heartbeatDeadline: Number.POSITIVE_INFINITY }, /--heartbeat-deadline Infinity /],
    [{ stepDeadline: 0 }, /--step-deadline 0 .*>=0\.5/],
    [{ stepDeadline: 86_401 }, /--step-deadline 86401 .*<=86400/],
    [{ spares: 17 }, /--spares 17 .*<=16/],
    [{ spares: -1 }, /--spares -1 .*>=0/],
    [{ data: '' }, /--data "" /],
  ];
  for (const [given, reason] of cases) {
    const what = JSON.stringify(given).slice(0, 80);
    assert.match(
      messageOfRefusal(() => compileOptions(given), what),
      reason,
      what,
    );
  }
});

test('a file that is not a page of keys and values is refused', async () => {
  await using scratch = scratchFolder();
  const bomb = Array.from('abcdefgh', (name, i) => {
    const inside = i === 0 ? 'x' : `*${'abcdefgh'.charAt(i - 1)}`;
    return `${name}: &${name} [${Array<string>(9).fill(inside).join(', ')}]`;
  }).join('\n');
  const cases: [what: string, text: string | Uint8Array, reason: RegExp][] = [
    ['an alias bomb', bomb, /cannot be used/],
    ['10 MB', 'a'.repeat(10_000_000), /has 10000000 bytes, more than a config can have/],
    ['nesting', '['.repeat(100_000), /is not YAML|cannot be used/],
    ['no YAML', 'steps: [1\n  - :', /is not YAML/],
    ['a key twice', 'steps: 1\nsteps: 2\n', /is not YAML.*unique/],
    ['two documents', 'steps: 1\n---\nsteps: 2\n', /is not YAML/],
    ['a list', '- steps\n', /must hold keys and values/],
    ['a word', 'steps\n', /must hold keys and values/],
    ['random bytes', Uint8Array.from({ length: 512 }, (_, i) => (i * 197 + 91) % 256), /./],
  ];
  for (const [what, text, reason] of cases) {
    const path = scratch.write('run.yaml', text);
    assert.match(
      messageOfRefusal(() => compileOptions(readConfigFile(path)), what),
      reason,
      what,
    );
  }
  assert.match(
    messageOfRefusal(() => readConfigFile(scratch.path), 'a folder'),
    /cannot read the config/,
  );
});

test('an empty file asks for nothing', async () => {
  await using scratch = scratchFolder();
  assert.deepEqual(readConfigFile(scratch.write('run.yaml', '# nothing yet\n')), {});
});

function compilesOrRefuses(given: Record<string, unknown>): void {
  try {
    const { training } = compileOptions(given);
    assert.ok(training.generators >= 1);
  } catch (error) {
    assert.ok(error instanceof UsageError, error instanceof Error ? error.stack : String(error));
    assert.doesNotMatch(error.message, /\n/);
  }
}

test('any JSON object as a config compiles or is refused, never anything else', () => {
  const known = fc.dictionary(fc.constantFrom(...OPTION_KEYS), fc.oneof(fc.jsonValue(), fc.integer(), fc.double()), {
    maxKeys: 3,
  });
  const unknown = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 });
  fc.assert(
    fc.property(fc.oneof(known, unknown), (given) => compilesOrRefuses(given)),
    { numRuns: 5000 },
  );
});

test('any text as a config file is read or refused, never anything else', async () => {
  await using scratch = scratchFolder();
  const yaml = fc.string({ unit: fc.constantFrom(...Array.from('step: \n-[]{}&*!|>#?"\'1a,%@`')) });
  fc.assert(
    fc.property(fc.oneof(yaml, fc.string()), (text) => {
      let given;
      try {
        given = readConfigFile(scratch.write('run.yaml', text));
      } catch (error) {
        assert.ok(error instanceof UsageError, error instanceof Error ? error.stack : String(error));
        return;
      }
      compilesOrRefuses(given);
    }),
    { numRuns: 2000 },
  );
});
