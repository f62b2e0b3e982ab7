/** The one-process reference: the same maths as the workers, called in order, and nothing else of them. */
import type { TrainingConfig } from '../../gan/config.js';
import { Discriminator, concatenate } from '../../gan/discriminator.js';
import type { Engine } from '../../gan/engine/index.js';
import { Generator } from '../../gan/generator.js';

export interface Game {
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
    discriminator: new Discriminator(engine, config, sample),
    generators: Array.from(
      { length: config.generators },
      (_, i) => new Generator(engine, config, sample, `generator-${i + 1}`),
    ),
  };
}

/** One committed step. @param x [batch, ...sample] @param z [batch, latent] */
export function playStep({ discriminator, generators }: Game, x: Float32Array, z: Float32Array): GameStep {
  const open = generators.map((generator) => generator.open(z));
  const fakes = concatenate(open.map((each) => each.fakes));
  const update = discriminator.update(discriminator.realHalf(x), fakes);
  const judgements = discriminator.judgeFakes(fakes, update.verdict);
  const gradientNorms: Record<string, number> = { discriminator: update.gradientNorm };
  for (const [i, each] of open.entries()) {
    gradientNorms[`generator-${i + 1}`] = each.finish(judgements[i]?.gradient as Float32Array);
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
