/** A generator's worker: the discriminator is an op that another process computes. */
import { FaultyStepError } from '../../common/errors.js';
import { fromWire, toWire } from '../../common/tensors/wire-values.js';
import type { Engine } from '../../gan/engine/index.js';
import { Generator, type OpenStep } from '../../gan/generator.js';
import { latents, sampleLatents } from '../../gan/latents.js';
import type { Job } from '../assignment.js';
import { Phases } from '../phases.js';
import { Ahead, type Position } from './ahead.js';
import type { Role, Surroundings } from './role.js';

/** Samples in a generator's band of the sample grid. */
const SAMPLES = 64;

/** @param sample shape of one sample, as the discriminator's data has it */
export function generatorRole(
  engine: Engine,
  { config, role }: Job,
  sample: readonly number[],
  { inbox, board, faults }: Surroundings,
): Role {
  const generator = new Generator(engine, config, sample, role);
  /** Batches for all of the discriminator's updates of a step, in one tensor. */
  const count = config.discriminatorSteps * config.batch;
  const shape = [count, ...sample];
  const { exchangeDtype: dtype } = config;
  const fixed = sampleLatents(config.seed, SAMPLES, config.latent);
  const phases = new Phases(board, faults);
  const ahead = new Ahead<OpenStep>();
  const forward = ({ epoch, step, branch }: Position): OpenStep => {
    phases.begin('forward');
    const open = generator.open(latents(config.seed, step, count, config.latent, branch));
    try {
      inbox.send({ kind: 'fakes', epoch, step, shape, data: toWire(open.fakes, dtype, `${role}'s fakes`) });
    } catch (error) {
      open[Symbol.dispose]();
      throw error;
    }
    return open;
  };
  return {
    state: generator.state,
    ahead(next) {
      try {
        ahead.begin(next, forward(next));
      } catch (error) {
        // It will be the same when it is that step's turn, and is its fault then.
        if (!(error instanceof FaultyStepError)) throw error;
      }
      phases.pause();
    },
    drop() {
      ahead[Symbol.dispose]();
      generator.state.rollback();
    },
    step(begin) {
      const { epoch, step } = begin;
      using open = ahead.take(begin) ?? forward(begin);
      phases.enter('wait-gradients');
      const { loss, plainLoss, gradient } = inbox.take('judgement', (m) => m.epoch === epoch && m.step === step);
      phases.enter('backward');
      const gradientNorm = open.finish(faults.poison(fromWire(gradient, dtype)));
      return { epoch, step, loss, plainLoss, gradientNorm, phases: phases.finish() };
    },
    samples: () => ({ data: generator.sample(fixed), shape: [SAMPLES, ...sample] }),
  };
}
