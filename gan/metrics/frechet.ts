/**
 * The Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017):
 * |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)), the covariances unbiased.
 * On our features it is "FID (MNIST CNN)", never plain "FID": it compares with nothing that Inception has seen.
 */
import { EigenvalueDecomposition, Matrix as Dense } from 'ml-matrix';
import type { Matrix } from './matrix.js';

/** What the distance needs of a set of samples; of the real ones found once. */
export interface Gaussian {
  mean: Float64Array;
  covariance: Dense;
}

/** @param samples more of them than columns, else the covariance is singular and the distance mostly bias */
export function gaussianOf({ rows, columns, values }: Matrix): Gaussian {
  const mean = new Float64Array(columns);
  for (let at = 0; at < values.length; at += 1) {
    const column = at % columns;
    mean[column] = (mean[column] as number) + (values[at] as number) / rows;
  }
  const sums = new Float64Array(columns * columns);
  const centred = new Float64Array(columns);
  for (let i = 0; i < rows; i += 1) {
    for (let k = 0; k < columns; k += 1) centred[k] = (values[i * columns + k] as number) - (mean[k] as number);
    for (let k = 0; k < columns; k += 1) {
      const [value, row] = [centred[k] as number, k * columns];
      for (let l = 0; l <= k; l += 1) sums[row + l] = (sums[row + l] as number) + value * (centred[l] as number);
    }
  }
  const covariance = new Dense(columns, columns);
  for (let k = 0; k < columns; k += 1) {
    for (let l = 0; l <= k; l += 1) {
      const value = (sums[k * columns + l] as number) / (rows - 1);
      covariance.set(k, l, value).set(l, k, value);
    }
  }
  return { mean, covariance };
}

/** Tr (C1 C2)^(1/2) is that of (R C2 R)^(1/2) with R = C1^(1/2): symmetric, so its eigenvalues are real and not negative. */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const root = squareRoot(a.covariance);
  const product = root.mmul(b.covariance).mmul(root);
  const eigenvalues = decompose(product).realEigenvalues;
  const traceOfRoot = eigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  const shift = a.mean.reduce((sum, value, k) => sum + (value - (b.mean[k] as number)) ** 2, 0);
  return shift + a.covariance.trace() + b.covariance.trace() - 2 * traceOfRoot;
}

function squareRoot(covariance: Dense): Dense {
  const { eigenvectorMatrix: vectors, realEigenvalues } = decompose(covariance);
  const roots = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
  return vectors.mmul(Dense.diag(roots)).mmul(vectors.transpose());
}

/** Made symmetric to the last bit first: rounding breaks it, and the general algorithm would be taken. */
function decompose(nearlySymmetric: Dense): EigenvalueDecomposition {
  const symmetric = Dense.add(nearlySymmetric, nearlySymmetric.transpose()).mul(0.5);
  return new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
}
