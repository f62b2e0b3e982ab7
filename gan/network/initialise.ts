/** Initial weights: f(seed, role) and nothing else. */
import { type Architecture, type ParameterSpec, parametersOf } from './architecture.js';
import { normals, randomStream } from '../random.js';

/** One array of a network as plain numbers. */
export interface NamedArray {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/** DCGAN's initial scale (Radford et al. 2016) for convolutional networks. */
const DCGAN_DEVIATION = 0.02;

/**
 * Kernels N(0, 0.02) for images, N(0, 2/fan-in) for perceptrons (He et al. 2015); biases 0, gamma 1, variance 1.
 * Spectral norm's u and v are random directions.
 */
export function initialWeights(architecture: Architecture, seed: number, role: string): NamedArray[] {
  const convolutional = architecture.layers.some((layer) => layer.kind === 'conv' || layer.kind === 'deconv');
  return parametersOf(architecture).map((spec) => ({
    name: spec.name,
    shape: spec.shape,
    data: initialValues(spec, convolutional, seed, role),
  }));
}

function initialValues(spec: ParameterSpec, convolutional: boolean, seed: number, role: string): Float32Array {
  const size = spec.shape.reduce((a, b) => a * b, 1);
  switch (spec.role) {
    case 'kernel': {
      const deviation = convolutional ? DCGAN_DEVIATION : Math.sqrt(2 / spec.fanIn);
      return normals(randomStream(seed, 'initial-weights', role, spec.name), size).map((x) => x * deviation);
    }
    case 'u':
    case 'v':
      return unit(normals(randomStream(seed, 'spectral-norm', role, spec.name), size));
    case 'gamma':
    case 'moving_variance':
      return new Float32Array(size).fill(1);
    default:
      return new Float32Array(size);
  }
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
}
