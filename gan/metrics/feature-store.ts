/**
 * The trained feature network in the user's cache: a safetensors file whose name carries its sha256 and whose metadata
 * carries its test accuracy. The bits depend on the engine and the processor, so there is one for each machine and engine,
 * and every evaluation says which it used.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuetError, UsageError, messageOf } from '../../common/errors.js';
import { lock } from '../../common/process/lock.js';
import { whenFree } from '../../common/process/when-free.js';
import { decodeSafetensors, encodeSafetensors } from '../../common/tensors/safetensors.js';
import { readDigitLabels, readDigits } from '../data/mnist.js';
import type { Engine } from '../engine/index.js';
import { parametersOf } from '../network/architecture.js';
import type { NamedArray } from '../network/initialise.js';
import { FEATURE_ARCHITECTURE, FeatureNetwork } from './feature-network.js';
import {
  FEATURE_TRAINING,
  type FeatureTraining,
  type LabelledDigits,
  accuracyOf,
  trainFeatures,
} from './train-features.js';

/** Changes with everything in feature-network.ts and train-features.ts that changes the features. */
const RECIPE = 1;
const NAME = /^mnist-cnn-([0-9a-f]{64})\.safetensors$/;
const CURE = "train it anew with 'npx coordinator features --rebuild'";

/** @param cache the user's cache folder (cacheFolder) */
export function featuresFolder(cache: string, { description }: Engine): string {
  return join(
    cache,
    'features',
    `mnist-cnn-${RECIPE}-${description.name}-${description.version}-${description.device}`,
  );
}

/**
 * The network of this machine and engine, if it has been trained.
 * @throws UsageError naming the file and the cure when it is damaged, or when there are several
 */
export function findFeatures(engine: Engine, cache: string): FeatureNetwork | undefined {
  const folder = featuresFolder(cache, engine);
  const files = filesOf(folder);
  if (files.length > 1) {
    throw new UsageError(
      `${folder} holds ${files.length} feature networks, which is to be used? Leave one, or ${CURE}`,
    );
  }
  const [file] = files;
  return file === undefined ? undefined : readFeatures(engine, join(folder, file));
}

/** @throws UsageError naming the file and the cure when its hash is not that of its name, or it is no such network */
export function readFeatures(engine: Engine, path: string): FeatureNetwork {
  const named = NAME.exec(path.split(/[/\\]/).at(-1) ?? '')?.[1];
  const content = readContent(path);
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (sha256 !== named) {
    throw new UsageError(`the feature network ${path} is damaged: its sha256 is ${sha256}; ${CURE}`);
  }
  const { arrays, metadata } = decode(path, content);
  const testAccuracy = Number(metadata['testAccuracy']);
  const fits = parametersOf(FEATURE_ARCHITECTURE).every(({ name, shape }) =>
    arrays.some((array) => array.name === name && array.shape.join() === shape.join()),
  );
  if (!fits || !(testAccuracy >= 0 && testAccuracy <= 1)) {
    throw new UsageError(`${path} is not a feature network of this version of Duet: ${CURE}`);
  }
  return new FeatureNetwork(engine, arrays, { sha256, testAccuracy });
}

/** Writes it whole or not at all. @returns its path */
export function writeFeatures(folder: string, arrays: readonly NamedArray[], testAccuracy: number): string {
  const content = encodeSafetensors({ arrays: [...arrays], metadata: { testAccuracy: String(testAccuracy) } });
  const path = join(folder, `mnist-cnn-${createHash('sha256').update(content).digest('hex')}.safetensors`);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, content, { flush: true });
    whenFree(() => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new DuetError(`the feature network cannot be written to ${folder}: ${messageOf(error)}`, { cause: error });
  }
  return path;
}

export interface PrepareFeatures {
  cache: string;
  /** Train it anew even if it is there. */
  rebuild?: boolean;
  /** Called once when another process is training it. */
  waiting?: () => void;
  onProgress?: (done: number, total: number, loss: number) => void;
  /** For tests: less than all of it. */
  digits?: { train: LabelledDigits; test: LabelledDigits };
  training?: FeatureTraining;
}

/** Returns at once when it is there; else trains it, about a minute on one core. @throws UsageError as `findFeatures` does */
export async function prepareFeatures(engine: Engine, options: PrepareFeatures): Promise<FeatureNetwork> {
  const { cache, rebuild = false, waiting = () => {}, onProgress = () => {}, training = FEATURE_TRAINING } = options;
  const ready = rebuild ? undefined : findFeatures(engine, cache);
  if (ready !== undefined) return ready;
  const folder = featuresFolder(cache, engine);
  mkdirSync(folder, { recursive: true });
  using _lock = await lock(join(folder, 'lock'), waiting);
  const theirs = rebuild ? undefined : findFeatures(engine, cache);
  if (theirs !== undefined) return theirs;
  const { train, test } = options.digits ?? (await allDigits());
  const arrays = await trainFeatures(engine, train, training, onProgress);
  const path = writeFeatures(folder, arrays, accuracyOf(engine, arrays, test));
  for (const file of filesOf(folder)) if (join(folder, file) !== path) rmSync(join(folder, file));
  return readFeatures(engine, path);
}

async function allDigits(): Promise<{ train: LabelledDigits; test: LabelledDigits }> {
  const [images, labels] = [await readDigits(), readDigitLabels()];
  return {
    train: { images: images.train, labels: labels.train },
    test: { images: images.heldOut, labels: labels.heldOut },
  };
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => NAME.test(file));
  } catch {
    // Not made yet.
    return [];
  }
}

function readContent(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`the feature network ${path} cannot be read: ${messageOf(error)}; ${CURE}`, { cause: error });
  }
}

function decode(path: string, content: Uint8Array) {
  try {
    return decodeSafetensors(content);
  } catch (error) {
    throw new UsageError(`${path} is not a feature network: ${messageOf(error)}; ${CURE}`, { cause: error });
  }
}
