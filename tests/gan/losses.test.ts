import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOSS_NAMES, batchLoss, lossNamed } from '../../gan/losses.js';
import { type ReferenceTensor, assertClose, readReference } from '../support/numbers/reference.js';

type Part = 'real' | 'fake' | 'generator';
interface Losses {
  logits: ReferenceTensor;
  losses: Record<string, Record<Part, { values64: ReferenceTensor; gradients64: ReferenceTensor }>>;
}

test("every loss and its derivative agree with PyTorch's float64 at every logit, -30 to 30", () => {
  const { logits, losses } = readReference<Losses>('losses');
  for (const name of LOSS_NAMES) {
    for (const part of ['real', 'fake', 'generator'] as const) {
      const loss = lossNamed(name)[part];
      const reference = losses[name]?.[part];
      assert.ok(reference, `${name} ${part} is in the reference`);
      for (const [i, printed] of logits.values.entries()) {
        // Printed in the shortest form that gives the same float32.
        const logit = Math.fround(printed);
        const what = `${name} ${part} at ${logit}`;
        assertClose([loss.value(logit)], [reference.values64.values[i] as number], 1e-12, what);
        assertClose([loss.slope(logit)], [reference.gradients64.values[i] as number], 1e-12, `slope of ${what}`);
      }
    }
  }
});

test('a batch loss is the weighted mean, and a weight of 0 leaves a term out', () => {
  const { real } = lossNamed('hinge');
  const { value, gradient } = batchLoss(real, Float32Array.of(0, -3), Float32Array.of(1, 0));
  assert.equal(value, 0.5);
  assert.deepEqual([...gradient], [-0.5, 0]);
});
