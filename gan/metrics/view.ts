/** Samples as the metrics see them: features, and which mode each belongs to. */
import { isMixture, mixtureNamed } from '../data/mixtures.js';
import { CLASSES, type FeatureNetwork } from './feature-network.js';
import type { EvaluatedData } from './evaluation.js';
import { countsOf } from './histogram.js';
import { type Matrix, rowsOf, stack } from './matrix.js';
import { modesOfPoints } from './mixture-modes.js';

export interface View {
  data: EvaluatedData;
  /** Of images, the network's features; of points, their coordinates. */
  features: Matrix;
  /** The mode of every sample: a digit, three of them as a number, or the nearest Gaussian. */
  modes: Uint16Array;
  /** 1 for every sample that counts when modes are counted: of points those of high quality, of images all. */
  counted: Uint8Array;
  /** The digits of all channels, for images. */
  digits?: Uint8Array;
}

/** Modes that a perfect model has. */
export function modesIn(data: EvaluatedData): number {
  if (isMixture(data)) return mixtureNamed(data).centres.length;
  return data === 'mnist' ? CLASSES : CLASSES ** 3;
}

/** How many of each mode, of the samples that count. */
export function modeCounts({ data, modes, counted }: View): number[] {
  return countsOf(
    modes.filter((_, i) => counted[i] === 1),
    modesIn(data),
  );
}

/**
 * @param samples [n, ...shape of the data]; kept where they are their own features
 * @param network for images
 */
export function viewOf(
  data: EvaluatedData,
  network: FeatureNetwork | undefined,
  samples: Float32Array<ArrayBuffer>,
): View {
  if (isMixture(data)) {
    const { nearest, good } = modesOfPoints(samples, mixtureNamed(data));
    const features = { rows: samples.length / 2, columns: 2, values: samples };
    return { data, features, modes: Uint16Array.from(nearest), counted: good };
  }
  if (network === undefined) throw new Error(`samples of ${data} cannot be seen without the feature network`);
  const channels = data === 'mnist' ? 1 : 3;
  const { features, digits } = network.see(samples, channels);
  const modes = Uint16Array.from({ length: features.rows }, (_, i) =>
    digits.subarray(i * channels, (i + 1) * channels).reduce((mode, digit) => mode * CLASSES + digit, 0),
  );
  return { data, features, modes, counted: new Uint8Array(features.rows).fill(1), digits };
}

/** Samples that are made and seen at once: thousands of images as floats would take gigabytes. */
export const CHUNK = 500;

/** @param make samples `first` to `next - 1` @returns the view of all `count` */
export function viewInChunks(
  data: EvaluatedData,
  network: FeatureNetwork | undefined,
  count: number,
  make: (first: number, next: number) => Float32Array<ArrayBuffer>,
): View {
  const parts: View[] = [];
  for (let first = 0; first < count; first += CHUNK) {
    parts.push(viewOf(data, network, make(first, Math.min(count, first + CHUNK))));
  }
  return joined(parts);
}

/** The first samples of a view. */
export function firstOf(view: View, count: number): View {
  const channels = (view.digits?.length ?? 0) / view.features.rows;
  return {
    data: view.data,
    features: rowsOf(view.features, 0, count),
    modes: view.modes.subarray(0, count),
    counted: view.counted.subarray(0, count),
    ...(view.digits === undefined ? {} : { digits: view.digits.subarray(0, count * channels) }),
  };
}

/**
 * What all generators together are: as many samples as one of them has, dealt out evenly; the first few give one more
 * where that does not come out even.
 */
export function mixtureOf(views: readonly View[]): View {
  const [first] = views;
  if (first === undefined) throw new RangeError('a mixture needs at least one generator');
  if (views.length === 1) return first;
  const [even, left] = [Math.floor(first.features.rows / views.length), first.features.rows % views.length];
  return joined(views.map((view, i) => firstOf(view, even + (i < left ? 1 : 0))));
}

/** Of one data set, one after the other. */
export function joined(parts: readonly View[]): View {
  const [first] = parts;
  if (first === undefined) throw new RangeError('there is nothing to join');
  const count = parts.reduce((sum, { features }) => sum + features.rows, 0);
  const whole: View = {
    data: first.data,
    features: stack(parts.map(({ features }) => features)),
    modes: new Uint16Array(count),
    counted: new Uint8Array(count),
    ...(first.digits === undefined
      ? {}
      : { digits: new Uint8Array(count * (first.digits.length / first.modes.length)) }),
  };
  let at = 0;
  for (const { modes, counted, digits } of parts) {
    whole.modes.set(modes, at);
    whole.counted.set(counted, at);
    if (digits !== undefined) whole.digits?.set(digits, at * (digits.length / modes.length));
    at += modes.length;
  }
  return whole;
}
