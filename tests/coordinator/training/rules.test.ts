import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rated } from '../../../coordinator/run/journal/quality.js';
import { branchOf } from '../../../coordinator/run/journal/rollbacks.js';
import { FindingLog } from '../../../coordinator/training/rules/finding-log.js';
import { type Finding, RULES } from '../../../coordinator/training/rules/finding.js';
import { demandOf } from '../../../coordinator/training/rules/on-collapse.js';
import { qualityFindings } from '../../../coordinator/training/rules/quality-rules.js';
import { stepFindings } from '../../../coordinator/training/rules/step-rules.js';
import { evaluations, signalsOf, steps } from '../../support/runs/history.js';

const names = (findings: readonly Finding[]) => findings.map(({ rule, subject }) => `${rule} ${subject}`.trim());
const collapses = (...figures: Parameters<typeof evaluations>) => qualityFindings(evaluations(...figures), 1.5);

test('a run that goes well breaks no rule', () => {
  const history = steps(1, 2000, (step) => (step % 50 === 0 ? { signals: signalsOf() } : {}));
  assert.deepEqual(stepFindings(history), []);
  assert.deepEqual(
    collapses([{ kid: 0.5 }, { kid: 0.2 }, { kid: 0.1 }, { kid: 0.11 }, { kid: 0.12 }, { kid: 0.1 }]),
    [],
  );
});

test('a discriminator loss near 0 is a risk that people are told of, never a collapse', () => {
  // The measured caution: in 75 % of the steps while the quality was at its best.
  const near = steps(1, 3000, (step) => ({ discriminatorLoss: step % 4 === 0 ? 0.5 : 0.001 }));
  const found = stepFindings(near);
  assert.deepEqual(names(found), ['discriminator-loss-near-zero discriminator']);
  assert.ok(found.every(({ collapse }) => !collapse));
  assert.match(found[0]?.reason ?? '', /75 % of the last 500 steps: a risk, not a collapse/);
  const quarter = steps(1, 3000, (step) => ({ discriminatorLoss: step % 4 === 0 ? 0.001 : 0.5 }));
  assert.deepEqual(stepFindings(quarter), []);
});

test('a gradient norm over 100 warns, one that vanishes only after 50 steps in a row', () => {
  const norms = (norm: number) => ({ gradientNorms: { discriminator: 1, 'generator-1': norm, 'generator-2': 1 } });
  assert.deepEqual(names(stepFindings(steps(1, 5, () => norms(100)))), []);
  assert.deepEqual(names(stepFindings(steps(1, 5, (step) => norms(step === 5 ? 101 : 1)))), [
    'gradient-exploding generator-1',
  ]);
  assert.deepEqual(names(stepFindings(steps(1, 49, () => norms(0)))), []);
  assert.deepEqual(names(stepFindings(steps(1, 50, () => norms(0)))), ['gradient-vanishing generator-1']);
  // A generator that won all samples of a step has no gradient then.
  assert.deepEqual(names(stepFindings(steps(1, 500, (step) => norms(step % 10 === 0 ? 1 : 0)))), []);
});

test('a verdict is stuck when one outcome takes over 95 % of a window after the first 1,000 steps', () => {
  const stuck = () => ({ verdicts: { x: 97, g1: 2, g2: 1 } });
  // x wins 99 % at the beginning of a run that goes well.
  assert.deepEqual(stepFindings(steps(1, 1000, stuck)), []);
  assert.deepEqual(stepFindings(steps(1, 1499, stuck)), []);
  assert.deepEqual(names(stepFindings(steps(1, 1500, stuck))), ['verdict-stuck x']);
  assert.deepEqual(stepFindings(steps(1, 1500, () => ({ verdicts: { x: 95, g1: 3, g2: 2 } }))), []);
});

test('a discriminator is too strong when its score is over 0.98 in the whole window', () => {
  const strong = () => ({ scores: { x: 0.99, g1: 0.01, g2: 0.02 } });
  assert.deepEqual(stepFindings(steps(1, 499, strong)), []);
  assert.deepEqual(names(stepFindings(steps(1, 500, strong))), ['discriminator-too-strong discriminator']);
  assert.deepEqual(stepFindings(steps(1, 500, () => ({ scores: { x: 0.99, g1: 0.01, g2: 0.5 } }))), []);
});

test('what a history keeps of its steps is what they say, whatever has left the window', () => {
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (const last of [1, 499, 500, 501, 1700]) {
    const said: { scores: number; verdicts: Record<string, number> }[] = [];
    const history = steps(1, last, () => {
      const [x, g1, none] = [random(9) / 9, random(9) / 9, random(10) === 0];
      const verdicts = { x: random(60), [`g${1 + random(3)}`]: random(60) };
      said.push({ verdicts, scores: none ? Number.NaN : (x + 1 - (g1 + 0.2) / 2) / 2 });
      // An older run's steps have no scores.
      return { verdicts, scores: none ? (undefined as never) : { x, g1, g2: 0.2 } };
    });
    const window = said.slice(-500);
    assert.deepEqual(
      history.scores,
      window.map(({ scores }) => scores),
    );
    for (const name of ['x', 'g1', 'g2', 'g3']) {
      const won = window.reduce((sum, { verdicts }) => sum + (verdicts[name] ?? 0), 0);
      assert.equal(history.won.get(name) ?? 0, won, `${name} at step ${last}`);
    }
  }
});

test('a generator starves below a fifth of an equal share, however many there are', () => {
  const shares = (updateShare: Record<string, number>) =>
    names(stepFindings(steps(1, 10, () => ({ signals: signalsOf({ updateShare }) }))));
  assert.deepEqual(shares({ g1: 0.09, g2: 0.91 }), ['generator-starving g1']);
  assert.deepEqual(shares({ g1: 0.11, g2: 0.89 }), []);
  assert.deepEqual(shares({ g1: 1 }), []);
  const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`g${i + 1}`, 0.05]));
  assert.deepEqual(shares(twenty), [], 'each of twenty has 5 %, its equal share');
});

test('diversity under half of the real for three signals is a collapse, but not while a run only begins', () => {
  const run = (last: number, low: (step: number) => boolean) =>
    names(
      stepFindings(
        steps(1, last, (step) =>
          step % 50 === 0 ? { signals: signalsOf({ diversity: { g1: low(step) ? 0.3 : 0.9, g2: 0.9 } }) } : {},
        ),
      ),
    );
  assert.deepEqual(
    run(1000, () => true),
    [],
  );
  assert.deepEqual(
    run(1150, () => true),
    ['diversity-collapse g1'],
  );
  assert.deepEqual(
    run(2000, (step) => step !== 1950),
    [],
    'only two in a row',
  );
});

test('KID over 1.5 times the best is a collapse after three evaluations in a row, not after two', () => {
  const best = { kid: 0.1 };
  assert.deepEqual(collapses([best, { kid: 0.2 }, { kid: 0.3 }]), []);
  const found = collapses([best, { kid: 0.2 }, { kid: 0.3 }, { kid: 0.16 }]);
  assert.deepEqual(names(found), ['quality-collapse']);
  assert.equal(found[0]?.collapse, true);
  assert.match(found[0]?.reason ?? '', /2, 3, 1\.6 times the best \(0\.1 at step 500\)/);
  assert.deepEqual(collapses([best, { kid: 0.2 }, { kid: 0.14 }, { kid: 0.3 }]), [], 'one in between was good');
});

test('the measured collapse of a DCGAN is found, and the slow rise before it is not', () => {
  // FID of StudioGAN's CIFAR-10 DCGAN log, as if it were KID: best at 42k, collapsed from 50k on.
  const log = [114.9, 66.3, 50.6, 49.0, 85.9, 103.6, 145.9, 137.4];
  const at = (count: number) => names(collapses(log.slice(0, count).map((kid) => ({ kid }))));
  assert.deepEqual(
    log.map((_, i) => at(i + 1).length > 0),
    [false, false, false, false, false, false, true, true],
  );
  const spectral = [43.6, 24.5, 17.4, 14.6, 13.25, 13.44];
  assert.deepEqual(collapses(spectral.map((kid) => ({ kid }))), []);
});

test('KIDs below what real data differs by are equal, negative ones too', () => {
  const floor = 0.01;
  const noise = [-0.002, 0.001, 0.009, 0.008, 0.0099].map((kid) => ({ kid, floor }));
  assert.deepEqual(collapses(noise), []);
  const first = rated(500, { kid: -0.002, generators: {}, floor }, undefined);
  assert.deepEqual([first.best, first.ratio], [-0.002, 1]);
  assert.equal(rated(1000, { kid: 0.02, generators: {}, floor }, { step: 500, kid: -0.002 }).ratio, 2);
  assert.equal(rated(1000, { kid: 0, generators: {}, floor: 0 }, { step: 500, kid: 0 }).ratio, 1);
});

test('few classes or modes are a collapse once lost, not while they are still being found', () => {
  const entropy = (classEntropy: number) => (kid: number) => ({ kid, classEntropy });
  const modes = (count: number) => (kid: number) => ({ kid, modes: count, modesOf: 8 });
  const lost = [0.1, 0.11, 0.12, 0.13];
  assert.deepEqual(names(collapses(lost.map(entropy(1.4)), 1500)), ['class-collapse']);
  assert.deepEqual(names(collapses(lost.map(modes(4)), 1500)), ['mode-collapse']);
  assert.deepEqual(collapses(lost.map(entropy(1.6)), 1500), []);
  assert.deepEqual(collapses(lost.map(modes(5)), 1500), []);
  assert.deepEqual(collapses(lost.map(modes(1)), 500), [], 'one of them is of the first 1,000 steps');
  assert.deepEqual(collapses([0.4, 0.3, 0.2, 0.1].map(modes(1)), 1500), [], 'the KID still falls');
});

test('a finding is told when it begins and when it has been away for the quiet time, and never in between', () => {
  const finding: Finding = { rule: 'gradient-exploding', subject: 'generator-1', collapse: false, reason: 'r' };
  const log = new FindingLog(50);
  const told: string[] = [];
  for (let step = 1; step <= 300; step += 1) {
    const holds = step >= 10 && step <= 100 && step % 7 !== 0;
    for (const { kind } of log.update(step, holds ? [finding] : [])) told.push(`${kind} ${step}`);
  }
  assert.deepEqual(told, ['began 10', 'ended 151']);
});

test('what a collapse leads to follows from the setting, the best and the rollbacks so far', () => {
  const collapse: Finding = { rule: 'quality-collapse', subject: '', collapse: true, reason: 'r' };
  const warning: Finding = { ...collapse, rule: 'verdict-stuck', collapse: false };
  const best = { step: 500, kid: 0.1 };
  const ask = (onCollapse: 'ignore' | 'stop' | 'rollback', findings: Finding[], rollbacks = 0) =>
    demandOf(2000, findings, {
      settings: { onCollapse, maxRollbacks: 3 },
      rollbacks: Array.from({ length: rollbacks }, () => ({ evaluated: 2000, to: 500 })),
      best,
    });
  assert.equal(ask('ignore', [collapse]), undefined);
  assert.equal(ask('stop', [warning]), undefined);
  assert.deepEqual(ask('stop', [warning, collapse]), { kind: 'stop', reason: 'quality-collapse: r' });
  assert.deepEqual(ask('rollback', [collapse], 2), {
    kind: 'rollback',
    to: 500,
    evaluated: 2000,
    reason: 'quality-collapse: r',
  });
  assert.equal(ask('rollback', [collapse], 3)?.kind, 'refused');
  const settings = { onCollapse: 'rollback', maxRollbacks: 3 } as const;
  assert.equal(demandOf(1, [collapse], { settings, rollbacks: [], best: undefined })?.kind, 'refused');
});

test('a step belongs to the branch of the last rollback before it, also after a way back beyond an earlier one', () => {
  const rollbacks = [
    { evaluated: 30, to: 10 },
    { evaluated: 40, to: 20 },
    { evaluated: 30, to: 5 },
  ];
  assert.deepEqual(
    [5, 6, 10, 11, 20, 21].map((step) => branchOf(rollbacks.slice(0, 2), step)),
    [0, 0, 0, 1, 1, 2],
  );
  assert.deepEqual(
    [5, 6, 100].map((step) => branchOf(rollbacks, step)),
    [0, 3, 3],
  );
});

test('every rule takes any history without failing', () => {
  const history = fc
    .integer({ min: 0, max: 600 })
    .map((last) => steps(1, last, () => ({ gradientNorms: {}, verdicts: {} })));
  fc.assert(
    fc.property(history, (each) => {
      for (const { rule } of [...stepFindings(each), ...qualityFindings(each, 1.5)]) assert.ok(RULES.includes(rule));
    }),
    { numRuns: 20 },
  );
});
