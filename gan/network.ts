/** The forward pass of an architecture, and the gradients of anything computed with it. */
import type { Architecture, Layer } from './architecture.js';
import type { Operations, Tensor } from './engine/index.js';

/** The arrays of one network by name. tfjs tensors are immutable, so an old set stays valid while a new one is staged. */
export type Weights = Readonly<Record<string, Tensor>>;

/** PyTorch's momentum for moving statistics: new = 0.9 old + 0.1 batch. */
const MOVING_AVERAGE_MOMENTUM = 0.1;

/** Statistics of the batch that a training pass leaves behind, by batch-norm layer. Kept: the caller disposes of them. */
export type BatchStatistics = Record<string, { mean: Tensor; variance: Tensor }>;

export function weight(weights: Weights, name: string): Tensor {
  const found = weights[name];
  if (found === undefined) throw new Error(`the network has no array '${name}'`);
  return found;
}

/**
 * @param x [batch, ...architecture.input]
 * @param statistics given: training, batch norm uses and reports the batch's own statistics; absent: inference
 * @returns [batch, ...output]
 */
export function forward(
  ops: Operations,
  architecture: Architecture,
  weights: Weights,
  x: Tensor,
  statistics?: BatchStatistics,
): Tensor {
  return architecture.layers.reduce((value, layer) => apply(ops, layer, weights, value, statistics), x);
}

function apply(ops: Operations, layer: Layer, weights: Weights, x: Tensor, statistics?: BatchStatistics): Tensor {
  switch (layer.kind) {
    case 'dense':
      return biased(ops, layer, weights, ops.dense(x, weight(weights, `${layer.name}/kernel`)), layer.bias);
    case 'conv':
      return biased(ops, layer, weights, ops.conv(x, weight(weights, `${layer.name}/kernel`)), true);
    case 'deconv':
      return biased(ops, layer, weights, ops.deconv(x, weight(weights, `${layer.name}/kernel`)), layer.bias);
    case 'batch-norm':
      return batchNorm(ops, layer.name, weights, x, statistics);
    case 'relu':
      return ops.relu(x);
    case 'leaky-relu':
      return ops.leakyRelu(x, layer.slope);
    case 'tanh':
      return ops.tanh(x);
    case 'reshape':
      return ops.reshape(x, layer.shape);
  }
}

function biased(ops: Operations, layer: { name: string }, weights: Weights, x: Tensor, bias: boolean): Tensor {
  return bias ? ops.bias(x, weight(weights, `${layer.name}/bias`)) : x;
}

function batchNorm(ops: Operations, name: string, weights: Weights, x: Tensor, statistics?: BatchStatistics): Tensor {
  const gamma = weight(weights, `${name}/gamma`);
  const beta = weight(weights, `${name}/beta`);
  if (statistics === undefined) {
    return ops.normalise(
      x,
      gamma,
      beta,
      weight(weights, `${name}/moving_mean`),
      weight(weights, `${name}/moving_variance`),
    );
  }
  const { output, mean, variance } = ops.batchNorm(x, gamma, beta);
  statistics[name] = { mean, variance };
  return output;
}

/** The moving statistics after one training pass; disposes of the batch's. New tensors, the old ones stay. */
export function movedStatistics(weights: Weights, statistics: BatchStatistics): Record<string, Tensor> {
  const moved: Record<string, Tensor> = {};
  for (const [name, { mean, variance }] of Object.entries(statistics)) {
    for (const [role, batch] of [
      ['moving_mean', mean],
      ['moving_variance', variance],
    ] as const) {
      const old = weight(weights, `${name}/${role}`);
      moved[`${name}/${role}`] = old.mul(1 - MOVING_AVERAGE_MOMENTUM).add(batch.mul(MOVING_AVERAGE_MOMENTUM));
      batch.dispose();
    }
  }
  return moved;
}
