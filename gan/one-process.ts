/** The one-process reference: the same maths as the workers, called in order, and nothing else of them. */
import { fromWire, toWire } from '../common/tensors/wire-values.js';
import type { TrainingConfig } from './config.js';
import { Discriminator, type DiscriminatorUpdate } from './discriminator.js';
import type { Engine } from './engine/index.js';
import { Generator } from './generator.js';
import { concatenate, split } from './network/arrays.js';

export interface Game {
  config: TrainingConfig;
  discriminator: Discriminator;
  generators: Generator[];
}

export interface GameStep {
  discriminatorLoss: number;
  generatorLosses: number[];
  averageGeneratorLoss: number;
  counts: number[];
  gradientNorms: Record<string, number>;
}

export function newGame(engine: Engine, config: TrainingConfig, sample: readonly number[]): Game {
  return {
    config,
    discriminator: new Discriminator(engine, config, sample),
    generators: Array.from(
      { length: config.generators },
      (_, i) => new Generator(engine, config, sample, `generator-${i + 1}`),
    ),
  };
}

/** One committed step. @param x [discriminatorSteps * batch, ...sample] @param z [discriminatorSteps * batch, latent] */
export function playStep({ config, discriminator, generators }: Game, x: Float32Array, z: Float32Array): GameStep {
  const open = generators.map((generator) => generator.open(z));
  const updates = config.discriminatorSteps;
  // What crosses an exchange is rounded as it is there.
  const crossed = (values: Float32Array) =>
    fromWire(toWire(values, config.exchangeDtype, 'what crosses'), config.exchangeDtype);
  const byGenerator = open.map((each) => split(crossed(each.fakes), updates));
  let [fakes, update] = [new Float32Array(), undefined as DiscriminatorUpdate | undefined];
  for (const [i, samples] of split(x, updates).entries()) {
    fakes = concatenate(byGenerator.map((each) => each[i] as Float32Array));
    using real = discriminator.realHalf(samples);
    update = discriminator.update(real, fakes);
  }
  if (update === undefined) throw new Error('a step has at least one update');
  const judgements = discriminator.judgeFakes(fakes, update.verdict);
  const gradientNorms: Record<string, number> = { discriminator: update.gradientNorm };
  for (const [i, each] of open.entries()) {
    gradientNorms[`generator-${i + 1}`] = each.finish(crossed(judgements[i]?.gradient as Float32Array));
    each[Symbol.dispose]();
  }
  for (const { state } of [discriminator, ...generators]) state.commit();
  return {
    discriminatorLoss: update.loss,
    generatorLosses: judgements.map((judgement) => judgement.generatorLoss),
    averageGeneratorLoss: judgements.reduce((sum, judgement) => sum + judgement.value, 0),
    counts: update.verdict.counts,
    gradientNorms,
  };
}
