/** The discriminator's worker: it holds the data, and judges what the generators send. */
import { concatenate, split } from '../gan/network/arrays.js';
import { Batches } from '../gan/data/batches.js';
import type { Dataset } from '../gan/data/dataset.js';
import { type DiscriminatorUpdate, Discriminator } from '../gan/discriminator.js';
import type { Engine } from '../gan/engine/index.js';
import type { Job } from './assignment.js';
import { Phases } from './phases.js';
import type { Role, Surroundings } from './role.js';
import { signalsOf } from './signals.js';

export function discriminatorRole(
  engine: Engine,
  { config }: Job,
  data: Dataset,
  { inbox, board, faults }: Surroundings,
): Role {
  const discriminator = new Discriminator(engine, config, data.shape);
  const batches = new Batches(config.seed, config.batch, data.count);
  const generators = Array.from({ length: config.generators }, (_, i) => i + 1);
  const updates = config.discriminatorSteps;
  const phases = new Phases(board, faults);
  return {
    state: discriminator.state,
    step({ epoch, step, branch, signals }) {
      let received: Float32Array[][] = [];
      let last: { update: DiscriminatorUpdate; x: Float32Array; fakes: Float32Array } | undefined;
      for (let i = 0; i < updates; i += 1) {
        if (i === 0) phases.begin('real-half');
        else phases.enter('real-half');
        const x = faults.poison(data.gather(batches.indices((step - 1) * updates + i, branch)));
        using real = discriminator.realHalf(x);
        if (i === 0) {
          phases.enter('wait-activations');
          // In the generators' order, whichever came first: the sum of the gradients depends on it.
          received = generators.map((generator) =>
            split(
              inbox.take('fakes', (m) => m.generator === generator && m.epoch === epoch && m.step === step).data,
              updates,
            ),
          );
        }
        phases.enter('update');
        const fakes = concatenate(received.map((ofGenerator) => ofGenerator[i] as Float32Array));
        last = { update: discriminator.update(real, fakes), x, fakes };
      }
      const { update, x, fakes } = last as NonNullable<typeof last>;
      const { loss, gradientNorm, verdict, scores } = update;
      phases.enter('judge');
      const judgements = discriminator.judgeFakes(fakes, verdict);
      for (const [i, { value, generatorLoss, gradient }] of judgements.entries()) {
        inbox.send({
          kind: 'judgement',
          generator: i + 1,
          epoch,
          step,
          loss: value,
          plainLoss: generatorLoss,
          gradient,
        });
      }
      // After the gradients have left: the generators do not wait for it.
      if (signals) phases.enter('signals');
      const measured = signals ? { signals: signalsOf(discriminator, x, fakes, verdict, config.batch) } : {};
      const { counts: verdicts } = verdict;
      return { epoch, step, loss, gradientNorm, verdicts, scores, ...measured, phases: phases.finish() };
    },
  };
}
