/** One layer's forward pass, and its gradient as a function that runs later. */
import type { Layer } from './architecture.js';
import type { Operations, Tensor } from '../engine/index.js';

/** The arrays of one network by name. tfjs tensors are immutable, so an old set stays valid while a new one is staged. */
export type Weights = Readonly<Record<string, Tensor>>;

export interface Wanted {
  weights: boolean;
  input: boolean;
}

export interface LayerGradients {
  /** For the layer's input; absent when it was not wanted. */
  input?: Tensor;
  /** By the names of the layer's arrays. */
  weights: Record<string, Tensor>;
}

export interface LayerPass {
  output: Tensor;
  /** Tensors that the gradient needs besides the weights. */
  saved: readonly Tensor[];
  /** Batch norm in training: what the batch's statistics were. */
  statistics?: { mean: Tensor; variance: Tensor };
  /** dy is shaped like the output. */
  gradients(dy: Tensor, wanted: Wanted): LayerGradients;
}

export function weight(weights: Weights, name: string): Tensor {
  const found = weights[name];
  if (found === undefined) throw new Error(`the network has no array '${name}'`);
  return found;
}

/** @param training batch norm uses the batch's own statistics, not the moving ones; only then has it a gradient */
export function layerPass(ops: Operations, layer: Layer, weights: Weights, x: Tensor, training: boolean): LayerPass {
  switch (layer.kind) {
    case 'dense':
      return densePass(ops, layer, weights, x);
    case 'conv':
      return convPass(ops, layer.name, weights, x);
    case 'deconv':
      return deconvPass(ops, layer, weights, x);
    case 'batch-norm':
      return training ? batchNormPass(ops, layer.name, weights, x) : inferencePass(ops, layer.name, weights, x);
    case 'relu': {
      const output = ops.relu(x);
      return withoutWeights(output, [output], (dy) => ops.reluGradient(dy, output));
    }
    case 'leaky-relu':
      return withoutWeights(ops.leakyRelu(x, layer.slope), [x], (dy) => ops.leakyReluGradient(dy, x, layer.slope));
    case 'tanh': {
      const output = ops.tanh(x);
      return withoutWeights(output, [output], (dy) => ops.tanhGradient(dy, output));
    }
    case 'reshape':
      return withoutWeights(ops.reshape(x, [x.shape[0] ?? 0, ...layer.shape]), [], (dy) => ops.reshape(dy, x.shape));
  }
}

function withoutWeights(output: Tensor, saved: readonly Tensor[], gradient: (dy: Tensor) => Tensor): LayerPass {
  return { output, saved, gradients: (dy) => ({ input: gradient(dy), weights: {} }) };
}

function densePass(
  ops: Operations,
  { name, bias }: { name: string; bias: boolean },
  weights: Weights,
  x: Tensor,
): LayerPass {
  const kernel = weight(weights, `${name}/kernel`);
  return {
    output: biased(ops, name, bias, weights, ops.matMul(x, kernel)),
    saved: [x],
    gradients: (dy, wanted) => ({
      ...(wanted.input ? { input: ops.matMul(dy, kernel, false, true) } : {}),
      weights: wanted.weights
        ? { [`${name}/kernel`]: ops.matMul(x, dy, true), ...biasGradient(ops, name, bias, dy) }
        : {},
    }),
  };
}

function convPass(ops: Operations, name: string, weights: Weights, x: Tensor): LayerPass {
  const { convolution } = ops;
  const kernel = weight(weights, `${name}/kernel`);
  const unfolded = convolution.unfold(x);
  return {
    output: biased(ops, name, true, weights, convolution.forward(unfolded, kernel)),
    saved: Object.values(unfolded),
    gradients: (dy, wanted) => ({
      ...(wanted.input ? { input: convolution.inputGradient(x.shape, kernel, dy) } : {}),
      weights: wanted.weights
        ? {
            [`${name}/kernel`]: convolution.kernelGradient(unfolded, kernel.shape, dy),
            ...biasGradient(ops, name, true, dy),
          }
        : {},
    }),
  };
}

/** A transposed convolution is the gradient of a convolution for its input; its own gradients are the convolution's rest. */
function deconvPass(
  ops: Operations,
  { name, filters, bias }: { name: string; filters: number; bias: boolean },
  weights: Weights,
  x: Tensor,
): LayerPass {
  const kernel = weight(weights, `${name}/kernel`);
  const [batch = 0, height = 0, width = 0] = x.shape;
  const { convolution } = ops;
  const output = convolution.inputGradient([batch, height * 2, width * 2, filters], kernel, x);
  return {
    output: biased(ops, name, bias, weights, output),
    saved: [x],
    gradients(dy, wanted) {
      const unfolded = convolution.unfold(dy);
      return {
        ...(wanted.input ? { input: convolution.forward(unfolded, kernel) } : {}),
        weights: wanted.weights
          ? {
              [`${name}/kernel`]: convolution.kernelGradient(unfolded, kernel.shape, x),
              ...biasGradient(ops, name, bias, dy),
            }
          : {},
      };
    },
  };
}

function batchNormPass(ops: Operations, name: string, weights: Weights, x: Tensor): LayerPass {
  const { output, mean, variance, saved } = ops.batchNorm(
    x,
    weight(weights, `${name}/gamma`),
    weight(weights, `${name}/beta`),
  );
  return {
    output,
    saved,
    statistics: { mean, variance },
    gradients(dy) {
      const [input, gamma, beta] = ops.batchNormGradient(dy, saved);
      return { input, weights: { [`${name}/gamma`]: gamma, [`${name}/beta`]: beta } };
    },
  };
}

function inferencePass(ops: Operations, name: string, weights: Weights, x: Tensor): LayerPass {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((role) =>
    weight(weights, `${name}/${role}`),
  ) as [Tensor, Tensor, Tensor, Tensor];
  return {
    output: ops.normalise(x, gamma, beta, mean, variance),
    saved: [],
    gradients: () => {
      throw new Error('batch norm has no gradient at inference');
    },
  };
}

function biased(ops: Operations, name: string, bias: boolean, weights: Weights, x: Tensor): Tensor {
  return bias ? ops.bias(x, weight(weights, `${name}/bias`)) : x;
}

function biasGradient(ops: Operations, name: string, bias: boolean, dy: Tensor): Record<string, Tensor> {
  return bias ? { [`${name}/bias`]: ops.biasGradient(dy) } : {};
}
