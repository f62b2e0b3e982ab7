/**
 * The evaluator process: measures checkpoints of a run, one after the other, beside the training.
 * It computes on the CPU with one thread and yields to everybody (a lower priority), so that the step does not wait for it.
 */
import { constants, setPriority } from 'node:os';
import { messageOf } from '../../common/errors.js';
import { RunDirectory } from '../run/directory.js';
import type { FromEvaluator, ToEvaluator } from './messages.js';
import { type Measure, openMeasure } from './quality.js';

function send(message: FromEvaluator): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()) ?? resolve());
}

async function fail(error: unknown): Promise<void> {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  await send({ kind: 'failed', reason: messageOf(error) });
  process.exit(1);
}

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
// A coordinator that is gone needs no figures.
process.on('disconnect', () => process.exit(0));

const directory = RunDirectory.open(process.argv[2] ?? '');
let measure: Measure | undefined;

process.on('message', ({ step }: ToEvaluator) => {
  void (async () => {
    try {
      measure ??= await openMeasure(directory, (text) => void send({ kind: 'progress', text }));
      await send({ kind: 'measured', step, measured: measure(step) });
    } catch (error) {
      await fail(error);
    }
  })();
});
