/**
 * What a network looks like, as plain data: the forward pass (network.ts), the initial weights (initialise.ts)
 * and the exported tfjs model (export.ts) all read the same list of layers.
 */
import { UsageError } from '../../common/errors.js';

export type Layer =
  | { kind: 'dense'; name: string; units: number; bias: boolean }
  /** 4x4 kernel, stride 2, 'same' padding: halves height and width. */
  | { kind: 'conv'; name: string; filters: number }
  /** 4x4 transposed kernel, stride 2, 'same' padding: doubles height and width. */
  | { kind: 'deconv'; name: string; filters: number; bias: boolean }
  | { kind: 'batch-norm'; name: string }
  | { kind: 'relu' }
  | { kind: 'leaky-relu'; slope: number }
  | { kind: 'tanh' }
  | { kind: 'reshape'; shape: readonly number[] };

export interface Architecture {
  /** Shape of one input sample, without the batch. */
  input: readonly number[];
  layers: readonly Layer[];
  /** Whether every kernel is divided by its spectral norm, and two vectors of it are kept (spectral-norm.ts). */
  spectralNorm?: boolean;
}

export interface NetworkOptions {
  /** Shape of one data sample: [height, width, channels] or [coordinates]. */
  sample: readonly number[];
  /** Size of a latent vector. */
  latent: number;
  /** Multiplies the number of filters or hidden units; 1 is the preset of the design. */
  width: number;
}

export const KERNEL = 4;
export const LEAKY_SLOPE = 0.2;
const FILTERS = 64;
const HIDDEN_UNITS = 128;
const SMALLEST_START = 4;
const LARGEST_START = 8;

/**
 * How often the generator doubles: 28 and 32 px start at 7 and 8 and double twice, 64 px starts at 8 and doubles thrice.
 * @throws UsageError when the size cannot be reached from 4 to 8 px by doubling
 */
export function doublings(size: number): number {
  let count = 0;
  let start = size;
  while ((start > LARGEST_START || count < 2) && start % 2 === 0) {
    start /= 2;
    count += 1;
  }
  if (count < 2 || start > LARGEST_START || start < SMALLEST_START) {
    throw new UsageError(
      `images of ${size} px cannot be generated: the size must be 4 to 8 px doubled two or more times (16, 20, 24, 28, 32, 40, 48, 56, 64, ...)`,
    );
  }
  return count;
}

function filters(level: number, width: number): number {
  return Math.max(1, Math.round(FILTERS * 2 ** level * width));
}

function imageSize(sample: readonly number[]): { size: number; channels: number } {
  const [height = 0, width = 0, channels = 0] = sample;
  if (height !== width) throw new UsageError(`images must be square, these are ${width} x ${height} px`);
  return { size: height, channels };
}

export function generatorArchitecture(options: NetworkOptions): Architecture {
  return options.sample.length === 3 ? imageGenerator(options) : pointGenerator(options);
}

export function discriminatorArchitecture(options: NetworkOptions): Architecture {
  return options.sample.length === 3 ? imageDiscriminator(options) : pointDiscriminator(options);
}

/** dense - BN - ReLU, then deconv - BN - ReLU for each doubling but the last, then deconv - tanh. */
function imageGenerator({ sample, latent, width }: NetworkOptions): Architecture {
  const { size, channels } = imageSize(sample);
  const levels = doublings(size);
  const start = size / 2 ** levels;
  const first = filters(levels - 1, width);
  const layers: Layer[] = [
    { kind: 'dense', name: 'dense', units: start * start * first, bias: false },
    { kind: 'batch-norm', name: 'dense_norm' },
    { kind: 'relu' },
    { kind: 'reshape', shape: [start, start, first] },
  ];
  for (let level = 1; level < levels; level += 1) {
    layers.push(
      { kind: 'deconv', name: `deconv${level}`, filters: filters(levels - 1 - level, width), bias: false },
      { kind: 'batch-norm', name: `deconv${level}_norm` },
      { kind: 'relu' },
    );
  }
  layers.push({ kind: 'deconv', name: `deconv${levels}`, filters: channels, bias: true }, { kind: 'tanh' });
  return { input: [latent], layers };
}

/** conv - leaky ReLU for each halving, then dense to one logit. No batch norm: samples are judged one by one. */
function imageDiscriminator({ sample, width }: NetworkOptions): Architecture {
  const { size } = imageSize(sample);
  const levels = doublings(size);
  const layers: Layer[] = [];
  for (let level = 0; level < levels; level += 1) {
    layers.push(
      { kind: 'conv', name: `conv${level + 1}`, filters: filters(level, width) },
      { kind: 'leaky-relu', slope: LEAKY_SLOPE },
    );
  }
  const end = size / 2 ** levels;
  layers.push(
    { kind: 'reshape', shape: [end * end * filters(levels - 1, width)] },
    { kind: 'dense', name: 'dense', units: 1, bias: true },
  );
  return { input: sample, layers };
}

function pointGenerator({ sample, latent, width }: NetworkOptions): Architecture {
  const units = Math.max(1, Math.round(HIDDEN_UNITS * width));
  return {
    input: [latent],
    layers: [
      { kind: 'dense', name: 'dense1', units, bias: true },
      { kind: 'relu' },
      { kind: 'dense', name: 'dense2', units, bias: true },
      { kind: 'relu' },
      { kind: 'dense', name: 'dense3', units: sample[0] ?? 2, bias: true },
    ],
  };
}

function pointDiscriminator({ sample, width }: NetworkOptions): Architecture {
  const units = Math.max(1, Math.round(HIDDEN_UNITS * width));
  return {
    input: sample,
    layers: [
      { kind: 'dense', name: 'dense1', units, bias: true },
      { kind: 'leaky-relu', slope: LEAKY_SLOPE },
      { kind: 'dense', name: 'dense2', units, bias: true },
      { kind: 'leaky-relu', slope: LEAKY_SLOPE },
      { kind: 'dense', name: 'dense3', units: 1, bias: true },
    ],
  };
}

/** One named array of a network. */
export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  /** Whether the optimiser updates it; moving statistics and spectral norm's vectors are state but not trained. */
  trainable: boolean;
  /** Numbers that feed into one output unit, for the initial scale. */
  fanIn: number;
  role: 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance' | 'u' | 'v';
}

/** Every array of the network, in the order of its layers. */
export function parametersOf(architecture: Architecture): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  let shape = architecture.input;
  for (const layer of architecture.layers) {
    const own = layerParameters(layer, shape);
    specs.push(...own, ...(architecture.spectralNorm === true ? own.flatMap(spectralVectors) : []));
    shape = outputShape(layer, shape);
  }
  return specs;
}

/** How many numbers of the network the optimiser updates. */
export function countParameters(architecture: Architecture): number {
  return parametersOf(architecture)
    .filter((spec) => spec.trainable)
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

function layerParameters(layer: Layer, input: readonly number[]): ParameterSpec[] {
  const depth = input.at(-1) ?? 0;
  switch (layer.kind) {
    case 'dense':
      return withBias(layer.name, [depth, layer.units], layer.units, layer.bias, depth);
    case 'conv':
      return withBias(layer.name, [KERNEL, KERNEL, depth, layer.filters], layer.filters, true, KERNEL * KERNEL * depth);
    case 'deconv':
      // tfjs keeps a transposed kernel as [height, width, out, in]; stride 2 lets a quarter of it reach each output.
      return withBias(
        layer.name,
        [KERNEL, KERNEL, layer.filters, depth],
        layer.filters,
        layer.bias,
        (KERNEL * KERNEL * depth) / 4,
      );
    case 'batch-norm':
      return (['gamma', 'beta', 'moving_mean', 'moving_variance'] as const).map((role) => ({
        name: `${layer.name}/${role}`,
        shape: [depth],
        trainable: role === 'gamma' || role === 'beta',
        fanIn: depth,
        role,
      }));
    default:
      return [];
  }
}

function withBias(
  name: string,
  shape: readonly number[],
  units: number,
  bias: boolean,
  fanIn: number,
): ParameterSpec[] {
  const kernel: ParameterSpec = { name: `${name}/kernel`, shape, trainable: true, fanIn, role: 'kernel' };
  return bias ? [kernel, { name: `${name}/bias`, shape: [units], trainable: true, fanIn, role: 'bias' }] : [kernel];
}

/** The singular vectors of a kernel that spectral norm keeps: u of the outputs, v of what feeds into one of them. */
function spectralVectors({ name, shape, role }: ParameterSpec): ParameterSpec[] {
  if (role !== 'kernel') return [];
  const outputs = shape.at(-1) ?? 0;
  const inputs = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const layer = name.replace(/kernel$/, '');
  return [
    { name: `${layer}u`, shape: [outputs], trainable: false, fanIn: inputs, role: 'u' },
    { name: `${layer}v`, shape: [inputs], trainable: false, fanIn: inputs, role: 'v' },
  ];
}

/** Shape of one output sample of a layer. */
export function outputShape(layer: Layer, input: readonly number[]): readonly number[] {
  const [height = 0, width = 0] = input;
  switch (layer.kind) {
    case 'dense':
      return [layer.units];
    case 'conv':
      return [Math.ceil(height / 2), Math.ceil(width / 2), layer.filters];
    case 'deconv':
      return [height * 2, width * 2, layer.filters];
    case 'reshape':
      return layer.shape;
    default:
      return input;
  }
}
