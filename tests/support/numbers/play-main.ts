/** A process that plays ten steps of a config on MNIST with one engine, and prints what came of them. */
import { type TrainingConfig, trainingConfigSchema } from '../../../gan/config.js';
import type { GameStep } from '../../../gan/one-process.js';
import { playRun } from '../runs/training.js';
import { testEngine, wasmEngine } from './engine.js';

export interface Played {
  steps: GameStep[];
  /** The state of D, G1 and G2 after the last step, by names such as generator-1/adam/m/dense/kernel. */
  arrays: Record<string, number[]>;
}

const [name, config = '{}'] = process.argv.slice(2);
const engine = name === 'wasm' ? await wasmEngine() : await testEngine(name === 'tensorflow-2' ? 2 : 1);
const training: TrainingConfig = trainingConfigSchema.parse(JSON.parse(config));
const steps: GameStep[] = [];
const game = await playRun(engine, training, (_, result) => steps.push(result));
const roles = {
  discriminator: game.discriminator,
  'generator-1': game.generators[0],
  'generator-2': game.generators[1],
};
const arrays = Object.entries(roles).flatMap(([role, played]) =>
  (played?.state.save().arrays ?? []).map(
    ({ name: array, data }) => [`${role}/${array}`, [...data]] as [string, number[]],
  ),
);
process.stdout.write(JSON.stringify({ steps, arrays: Object.fromEntries(arrays) } satisfies Played));
