/** A trained generator as a tfjs layers model, which tf.loadLayersModel opens anywhere tfjs runs. */

import type { Architecture, Layer } from './architecture.js';
import { KERNEL } from './architecture.js';
import { BATCH_NORM_EPSILON, type Engine, type LayersModel } from '../engine/index.js';
import type { NamedArray } from './initialise.js';

/** @param weights by the names of `parametersOf`; the caller disposes of the model */
export function layersModel(engine: Engine, architecture: Architecture, weights: readonly NamedArray[]): LayersModel {
  const { tf } = engine;
  const model = tf.sequential();
  let input: readonly number[] | undefined = architecture.input;
  for (const [index, layer] of architecture.layers.entries()) {
    const first = input === undefined ? {} : { inputShape: [...input] };
    input = undefined;
    model.add(tfjsLayer(engine, layer, { ...first, ...nameOf(layer, index) }));
  }
  const byName = new Map(weights.map((array) => [array.name, array]));
  for (const layer of architecture.layers) {
    const tensors = weightNames(layer).map((name) => {
      const array = byName.get(name);
      if (array === undefined) throw new Error(`the state lacks '${name}'`);
      return tf.tensor(array.data, [...array.shape], 'float32');
    });
    if (tensors.length > 0 && 'name' in layer) model.getLayer(layer.name).setWeights(tensors);
    tf.dispose(tensors);
  }
  return model;
}

/** Layers without arrays have no name in the architecture. */
function nameOf(layer: Layer, index: number): { name: string } {
  return { name: 'name' in layer ? layer.name : `${layer.kind}_${index}` };
}

function weightNames(layer: Layer): string[] {
  switch (layer.kind) {
    case 'dense':
    case 'deconv':
      return layer.bias ? [`${layer.name}/kernel`, `${layer.name}/bias`] : [`${layer.name}/kernel`];
    case 'conv':
      return [`${layer.name}/kernel`, `${layer.name}/bias`];
    case 'batch-norm':
      return ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((role) => `${layer.name}/${role}`);
    default:
      return [];
  }
}

function tfjsLayer({ tf }: Engine, layer: Layer, common: { name: string; inputShape?: number[] }) {
  const convolution = { kernelSize: KERNEL, strides: 2, padding: 'same' as const };
  switch (layer.kind) {
    case 'dense':
      return tf.layers.dense({ ...common, units: layer.units, useBias: layer.bias });
    case 'conv':
      return tf.layers.conv2d({ ...common, ...convolution, filters: layer.filters });
    case 'deconv':
      return tf.layers.conv2dTranspose({ ...common, ...convolution, filters: layer.filters, useBias: layer.bias });
    case 'batch-norm':
      return tf.layers.batchNormalization({ ...common, epsilon: BATCH_NORM_EPSILON });
    case 'relu':
      return tf.layers.reLU(common);
    case 'leaky-relu':
      return tf.layers.leakyReLU({ ...common, alpha: layer.slope });
    case 'tanh':
      return tf.layers.activation({ ...common, activation: 'tanh' });
    case 'reshape':
      return tf.layers.reshape({ ...common, targetShape: [...layer.shape] });
  }
}
