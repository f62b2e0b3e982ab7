/** `bench engines`: the native engine beside wasm, alternating: a step in several forms, and the start. */
import type { EngineName } from '../../common/engine-choice.js';
import { bareMachine } from '../../tests/support/machine/bare.js';
import { COORDINATOR } from '../../tests/support/runs/run.js';
import { assertCounts } from '../counts.js';
import { medianMs, oneProcess, threeWorkers } from '../duet.js';
import { oneStart } from '../start/one-start.js';
import { ENGINE_FORMS, type EngineForm, type EngineTimes, engineGoals, engineTable } from './tables.js';

interface EnginesOptions {
  pairs: number;
  steps: number;
}

export async function measureEngines({ pairs, steps }: EnginesOptions): Promise<void> {
  assertCounts({ pairs, steps });
  const times: EngineTimes = {
    three: { tensorflow: [], wasm: [] },
    small: { tensorflow: [], wasm: [] },
    one: { tensorflow: [], wasm: [] },
    start: { tensorflow: [], wasm: [] },
  };
  for (let pair = 1; pair <= pairs; pair += 1) {
    for (const form of Object.keys(ENGINE_FORMS) as EngineForm[]) {
      for (const engine of ['tensorflow', 'wasm'] as const) {
        process.stderr.write(`pair ${pair} of ${pairs}: ${ENGINE_FORMS[form]}, ${engine}\n`);
        times[form][engine].push(await measure(form, engine, steps));
      }
    }
  }
  process.stdout.write(
    `\nThe native engine and wasm on the CPU, median of ${pairs} alternating measurements of ${steps} steps\n\n`,
  );
  process.stdout.write(`${engineTable(times)}\n\n${engineGoals(times)}\n`);
}

async function measure(form: EngineForm, engine: EngineName, steps: number): Promise<number> {
  switch (form) {
    case 'three':
      return medianMs(await threeWorkers(steps, undefined, flagsOf(engine, 'full')));
    case 'small':
      return medianMs(await threeWorkers(steps, undefined, flagsOf(engine, 'small')));
    case 'one':
      return await oneProcess(1, steps, engine === 'wasm' ? 'wasm' : 'cpu');
    case 'start':
      return await start(engine);
  }
}

function flagsOf(engine: EngineName, preset: string): string[] {
  return ['--engine', engine, '--device', 'cpu', '--preset', preset, '--evaluate-every', '0'];
}

/** Milliseconds from the command to the first committed step: with the engine prepared, or where nothing is but Node. */
function start(engine: EngineName): Promise<number> {
  const bare = (folder: string) => bareMachine(folder, process.execPath).env;
  return oneStart(
    [process.execPath, COORDINATOR],
    ({ began, committed }) => committed - began,
    engine === 'wasm' ? bare : undefined,
  );
}
