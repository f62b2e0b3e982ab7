/** Adam's update as one op, which leaves what it was given as it was. */
import type { Tensor } from '@tensorflow/tfjs';
import { constant } from '../constants.js';
import type { ApplyAdam } from '../operations.js';
import type { Native } from './native.js';
import { rawOps } from './raw-ops.js';

/**
 * The op updates variables in place. The variables share their memory with the tensors they are given, and TensorFlow
 * copies shared memory before it writes: the old tensors stay valid, for one copy instead of a dozen passes over memory.
 */
export function createAdam(native: Native): ApplyAdam {
  const { tf } = native;
  const raw = rawOps(native);
  const T = raw.type('T');
  const dtype = raw.type('dtype');
  /** Three variables, of no length of their own, for whoever updates: a name stands for one variable in the whole process. */
  const variables = NAMES.map((name) =>
    constant(tf, name, () => {
      const names = [raw.text('container', ''), raw.text('shared_name', name)];
      return raw.one('VarHandleOp', [], dtype, raw.shape('shape', []), ...names);
    }),
  );
  return ({ weights, m, v }, gradient, { stepSize, beta1, beta2, epsilon }) =>
    tf.tidy(() => {
      for (const [i, tensor] of [weights, m, v].entries())
        raw.many('AssignVariableOp', [variables[i] as Tensor, tensor], 0, dtype);
      // The powers of the betas only serve a bias correction that stepSize and epsilon hold already, in float64.
      const scalars = [0, 0, stepSize, beta1, beta2, epsilon].map((value) => tf.scalar(value, 'float32'));
      const options = [raw.flag('use_locking', false), raw.flag('use_nesterov', false)];
      raw.many('ResourceApplyAdam', [...variables, ...scalars, gradient], 0, T, ...options);
      const [nextWeights, nextM, nextV] = variables.map((variable) => raw.one('ReadVariableOp', [variable], dtype)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      return { weights: nextWeights, m: nextM, v: nextV };
    });
}

const NAMES = ['adam/weights', 'adam/m', 'adam/v'];
