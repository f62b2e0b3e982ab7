/** Evaluates the checkpoints of one run: its networks, and the real samples they are measured against, are made once. */
import { DuetError } from '../../common/errors.js';
import { decodeSafetensors } from '../../common/tensors/safetensors.js';
import type { Dataset } from '../../gan/data/dataset.js';
import { Discriminator } from '../../gan/discriminator.js';
import type { Engine } from '../../gan/engine/index.js';
import { Generator } from '../../gan/generator.js';
import {
  type EvaluatedData,
  type Evaluation,
  FEATURE_NETWORK,
  type GroupMetrics,
} from '../../gan/metrics/evaluation.js';
import type { FeatureNetwork } from '../../gan/metrics/feature-network.js';
import { type Gram, engineGram } from '../../gan/metrics/matrix.js';
import { measureDiscriminator, measureGroup, measureOverlap } from '../../gan/metrics/measure.js';
import { type RealReference, checkSamples, realReference } from '../../gan/metrics/real-reference.js';
import { CHUNK, type View, firstOf, mixtureOf, viewInChunks } from '../../gan/metrics/view.js';
import { normals, randomStream } from '../../gan/random.js';
import { readRole } from '../run/checkpoints/checkpoints.js';
import { type RunRecord, readRecord } from '../run/config/record.js';
import type { RunDirectory } from '../run/directory.js';
import { rolesOf } from '../training/crew/roles.js';
import { evaluatedData } from './subject.js';

export interface EvaluationOptions {
  /** Of each group. */
  samples: number;
  /** Which real samples, and the latents. */
  seed: number;
  /** Samples that the modes of stacked MNIST are counted over (default 26,000). */
  modeSamples?: number;
}

/** `what` is being done now; `done` of `total` pieces of work are. */
export type OnProgress = (done: number, total: number, what: string) => void;

export interface EvaluatorParts {
  engine: Engine;
  /** For images; the caller's to dispose of. */
  features: FeatureNetwork | undefined;
  dataset: Dataset;
}

export class Evaluator {
  readonly #directory: RunDirectory;
  readonly #record: RunRecord;
  readonly #data: EvaluatedData;
  readonly #options: EvaluationOptions;
  readonly #parts: EvaluatorParts;
  readonly #gram: Gram;
  readonly #generators: { role: string; network: Generator }[];
  readonly #discriminator: Discriminator;
  #real: { reference: RealReference; floor: GroupMetrics } | undefined;

  /** @throws UsageError when the run's data cannot be evaluated, or not with so few or so many samples */
  constructor(directory: RunDirectory, parts: EvaluatorParts, options: EvaluationOptions) {
    const record = readRecord(directory);
    const { training, sampleShape } = record;
    this.#data = evaluatedData(record);
    checkSamples(this.#data, parts.dataset.heldOut, options.samples);
    this.#directory = directory;
    this.#record = record;
    this.#options = options;
    this.#parts = parts;
    this.#gram = engineGram(parts.engine);
    this.#generators = rolesOf(training.generators)
      .slice(1)
      .map((role) => ({ role, network: new Generator(parts.engine, training, sampleShape, role) }));
    this.#discriminator = new Discriminator(parts.engine, training, sampleShape);
  }

  /** @throws DuetError when the checkpoint is damaged or its numbers are not finite */
  evaluate(step: number, onProgress: OnProgress = () => {}): Evaluation {
    const { samples, seed } = this.#options;
    const roles = this.#generators.map(({ role }) => role);
    const pairs = roles.flatMap((a, i) => roles.slice(i + 1).map((b): [string, string] => [a, b]));
    const report = piecesOfWork(onProgress, 3 + 2 * roles.length + pairs.length);
    const { reference, floor } = report('real samples', () => this.#realSamples());
    const views = this.#generators.map(({ role, network }) =>
      report(`samples of ${role}`, () => this.#sample(step, role, network, reference.modeSamples)),
    );
    const firsts = views.map((view) => firstOf(view, samples));
    const measure = (group: string, view: View, counted: View) =>
      report(group, () => measureGroup(this.#gram, reference, view, seed, counted));
    return {
      run: this.#record.id,
      step,
      samples,
      seed,
      data: this.#data,
      features: this.#describeFeatures(),
      groups: {
        real: floor,
        mixture: measure('mixture', mixtureOf(firsts), mixtureOf(views)),
        ...Object.fromEntries(roles.map((role, i) => [role, measure(role, firsts[i] as View, views[i] as View)])),
      },
      overlap: pairs.map((pair) => {
        const [one, other] = pair.map((role) => firsts[roles.indexOf(role)]) as [View, View];
        return report(pair.join(' beside '), () => measureOverlap(this.#gram, pair, one, other, seed));
      }),
      discriminator: report('discriminator', () => this.#judge(step, reference)),
    };
  }

  /** Seen once for all checkpoints. */
  #realSamples(): { reference: RealReference; floor: GroupMetrics } {
    if (this.#real !== undefined) return this.#real;
    const { features, dataset } = this.#parts;
    const reference = realReference(this.#gram, features, { name: this.#data, dataset }, this.#options);
    const { floor, floorModes = floor } = reference;
    this.#real = { reference, floor: measureGroup(this.#gram, reference, floor, this.#options.seed, floorModes) };
    return this.#real;
  }

  /** Every generator gets latents of its own: equal latents would make equal generators look more alike than they are. */
  #sample(step: number, role: string, network: Generator, count: number): View {
    this.#load(step, role, network);
    const { latent } = this.#record.training;
    const z = normals(randomStream(this.#options.seed, 'evaluation-latents', role), count * latent);
    return viewInChunks(this.#data, this.#parts.features, count, (first, next) => {
      const samples = Float32Array.from(network.sample(z.slice(first * latent, next * latent)));
      if (samples.every(Number.isFinite)) return samples;
      throw new DuetError(
        `${role} of step ${step} of ${this.#directory.path} makes values that are not finite: evaluate an earlier checkpoint with --step`,
      );
    });
  }

  #judge(step: number, { judged }: RealReference): Evaluation['discriminator'] {
    this.#load(step, 'discriminator', this.#discriminator);
    const size = judged.training.length / this.#options.samples;
    const logits = (samples: Float32Array): Float32Array => {
      const all = new Float32Array(this.#options.samples);
      for (let first = 0; first < all.length; first += CHUNK) {
        all.set(this.#discriminator.logits(samples.slice(first * size, (first + CHUNK) * size)), first);
      }
      return all;
    };
    return measureDiscriminator(logits(judged.training), logits(judged.heldOut));
  }

  #load(step: number, role: string, network: Generator | Discriminator): void {
    const { arrays, metadata } = decodeSafetensors(readRole(this.#directory, step, role));
    network.state.load({ arrays, updates: Number(metadata['updates']) });
  }

  #describeFeatures(): Evaluation['features'] {
    const { features } = this.#parts;
    if (features === undefined) return { name: 'coordinates' };
    return { name: FEATURE_NETWORK, sha256: features.sha256, testAccuracy: features.testAccuracy };
  }
}

/** Tells what is being done before each piece, and that all is done after the last. */
function piecesOfWork(onProgress: OnProgress, total: number): <T>(what: string, work: () => T) => T {
  let done = 0;
  return (what, work) => {
    onProgress(done, total, what);
    const result = work();
    done += 1;
    if (done === total) onProgress(done, total, 'done');
    return result;
  };
}

/**
 * One checkpoint by itself.
 * @throws UsageError as `new Evaluator` does, DuetError as `evaluate` does
 */
export function evaluateCheckpoint(
  directory: RunDirectory,
  step: number,
  parts: EvaluatorParts,
  options: EvaluationOptions,
  onProgress?: OnProgress,
): Evaluation {
  return new Evaluator(directory, parts, options).evaluate(step, onProgress);
}
