/** The discriminator's worker: it holds the data, and judges what the generators send. */
import { fromWire, toWire } from '../../common/tensors/wire-values.js';
import { Batches } from '../../gan/data/batches.js';
import type { Dataset } from '../../gan/data/dataset.js';
import { Discriminator, type DiscriminatorUpdate, type RealHalf } from '../../gan/discriminator.js';
import type { Engine } from '../../gan/engine/index.js';
import { concatenate, split } from '../../gan/network/arrays.js';
import type { Job } from '../assignment.js';
import { Phases } from '../phases.js';
import { Ahead, type Position } from './ahead.js';
import type { Role, Surroundings } from './role.js';
import { signalsOf } from './signals.js';

/** An update of the discriminator that waits for the fakes. */
interface OpenUpdate extends Disposable {
  x: Float32Array;
  real: RealHalf;
}

/**
 * @param byTurns it computes while the generators wait, and not beside them: on the same cores an op that is divided among
 * threads waits for the one that lost its core, and takes twice as long
 */
export function discriminatorRole(
  engine: Engine,
  { config }: Job,
  data: Dataset,
  { inbox, board, faults }: Surroundings,
  byTurns: boolean,
): Role {
  const discriminator = new Discriminator(engine, config, data.shape);
  const batches = new Batches(config.seed, config.batch, data.count);
  const { generators, discriminatorSteps: updates, exchangeDtype: dtype } = config;
  const phases = new Phases(board, faults);
  const ahead = new Ahead<OpenUpdate>();
  const realHalf = (x: Float32Array): OpenUpdate => {
    const real = discriminator.realHalf(x);
    return { x, real, [Symbol.dispose]: () => real[Symbol.dispose]() };
  };
  const samples = ({ step, branch }: Position, update: number) =>
    data.gather(batches.indices((step - 1) * updates + update, branch));
  const taken = (generator: number, epoch: number, step: number) =>
    inbox.take('fakes', (m) => m.generator === generator && m.epoch === epoch && m.step === step).data;
  /** A batch for each update. */
  const receive = ({ epoch, step }: Position, generator: number) =>
    split(fromWire(taken(generator, epoch, step), dtype), updates);
  return {
    state: discriminator.state,
    ahead(next) {
      if (byTurns) return;
      phases.begin('real-half');
      ahead.begin(next, realHalf(samples(next, 0)));
      phases.pause();
    },
    drop() {
      ahead[Symbol.dispose]();
      discriminator.state.rollback();
    },
    step(begin) {
      const { epoch, step, signals } = begin;
      // A fault that was asked for is made in the samples of the step that it was asked for.
      if (faults.nanAsked) ahead[Symbol.dispose]();
      const begun = ahead.take(begin);
      let last: { update: DiscriminatorUpdate; x: Float32Array; fakes: Float32Array } | undefined;
      if (begun === undefined) phases.begin(byTurns ? 'wait-activations' : 'real-half');
      // The others are about to be here as well.
      const received = byTurns ? [receive(begin, 1)] : [];
      for (let i = 0; i < updates; i += 1) {
        if (byTurns || i > 0) phases.enter('real-half');
        using open = (i === 0 ? begun : undefined) ?? realHalf(faults.poison(samples(begin, i)));
        if (i === 0) phases.enter('wait-activations');
        // In the generators' order, whichever came first: the sum of the gradients depends on it.
        while (received.length < generators) received.push(receive(begin, received.length + 1));
        phases.enter('update');
        const fakes = concatenate(received.map((ofGenerator) => ofGenerator[i] as Float32Array));
        last = { update: discriminator.update(open.real, fakes), x: open.x, fakes };
      }
      const { update, x, fakes } = last as NonNullable<typeof last>;
      const { loss, gradientNorm, verdict, scores } = update;
      phases.enter('judge');
      const judgements = discriminator.judgeFakes(fakes, verdict).map(({ value, generatorLoss, gradient }, i) => ({
        loss: value,
        plainLoss: generatorLoss,
        gradient: toWire(gradient, dtype, `the gradient for generator-${i + 1}`),
      }));
      inbox.send({ kind: 'judgements', epoch, step, judgements });
      // After the gradients have left: the generators do not wait for it.
      if (signals) phases.enter('signals');
      const measured = signals ? { signals: signalsOf(discriminator, x, fakes, verdict, config.batch) } : {};
      const { counts: verdicts } = verdict;
      return { epoch, step, loss, gradientNorm, verdicts, scores, ...measured, phases: phases.finish() };
    },
  };
}
