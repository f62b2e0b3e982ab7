/**
 * The operations that the networks are made of, with their gradients: what every engine computes, each by its own means
 * (tensorflow/, wasm/), and what is checked against PyTorch for every engine.
 *
 * They are called one by one, not through tfjs's automatic gradients, which cannot stop halfway and wait for another
 * process, as a generator does.
 *
 * Images are NHWC. Nothing here disposes of anything: callers tidy.
 */
import type { Tensor } from '@tensorflow/tfjs';

/** Batch norm's epsilon, PyTorch's default. */
export const BATCH_NORM_EPSILON = 1e-5;

export interface Normalised {
  output: Tensor;
  /** Mean over the batch, [features]. */
  mean: Tensor;
  /** Unbiased variance over the batch, [features]. */
  variance: Tensor;
  /** What the gradient needs. */
  saved: readonly Tensor[];
}

/** An image as a convolution reads it. */
export interface Unfolded {
  /** [batch, height, width, channels] */
  image: Tensor;
  /** Every window of the image as a row, [batch * height/2 * width/2, 16 * channels]; only where that is the faster way. */
  windows?: Tensor;
}

/** The 4x4 convolution with stride 2 and 'same' padding, and its two gradients. */
export interface Convolution {
  /** What `forward` and `kernelGradient` read; made once where both are wanted. */
  unfold(image: Tensor): Unfolded;
  /** x [batch, height, width, in], kernel [4, 4, in, out] → half the height and width. */
  forward(x: Unfolded, kernel: Tensor): Tensor;
  /** The gradient of `forward` for its input of this shape; as an operation of its own, the transposed convolution. */
  inputGradient(shape: readonly number[], kernel: Tensor, dy: Tensor): Tensor;
  /** The gradient of `forward` for its kernel of this shape. */
  kernelGradient(x: Unfolded, shape: readonly number[], dy: Tensor): Tensor;
}

/** Another shape for the same values. @returns the tensor itself where it has that shape already */
export type Reshape = (x: Tensor, shape: readonly number[]) => Tensor;

export interface AdamVectors {
  weights: Tensor;
  m: Tensor;
  v: Tensor;
}

export interface AdamFactors {
  /** What m / (sqrt(v) + epsilon) is multiplied by. */
  stepSize: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/**
 * m' = m + (1 - beta1) (g - m), v' = v + (1 - beta2) (g^2 - v), weights' = weights - stepSize m' / (sqrt(v') + epsilon),
 * with 1 - beta taken in float32. What it was given stays as it was.
 *
 * @param old and gradient, vectors of one length @returns new tensors, the caller's
 */
export type ApplyAdam = (old: AdamVectors, gradient: Tensor, factors: AdamFactors) => AdamVectors;

export interface Operations {
  /** a [m, k] times b [k, n], either transposed on the way. */
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  convolution: Convolution;
  /** Adds a bias [features] to the last axis. */
  bias(x: Tensor, bias: Tensor): Tensor;
  /** dy summed over all axes but the last. */
  biasGradient(dy: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  reluGradient(dy: Tensor, output: Tensor): Tensor;
  leakyRelu(x: Tensor, slope: number): Tensor;
  leakyReluGradient(dy: Tensor, x: Tensor, slope: number): Tensor;
  tanh(x: Tensor): Tensor;
  tanhGradient(dy: Tensor, output: Tensor): Tensor;
  reshape: Reshape;
  /** Normalises the last axis by the batch's own statistics (training). */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): Normalised;
  /** @returns the gradients for x, gamma and beta */
  batchNormGradient(dy: Tensor, saved: readonly Tensor[]): [Tensor, Tensor, Tensor];
  /** Normalises the last axis by given statistics (inference). */
  normalise(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor): Tensor;
  /** Of all values, a scalar. */
  sum(x: Tensor): Tensor;
  /** Of all values, read. */
  sumOfSquares(x: Tensor): number;
  /** A vector cut into vectors of these sizes, which add up to its own. */
  split(vector: Tensor, sizes: readonly number[]): Tensor[];
  adam: ApplyAdam;
}
