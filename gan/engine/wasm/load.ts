/** Loads tfjs on its WebAssembly backend: no compiler, no download, the same bits on every machine that has its SIMD. */
import { createRequire } from 'node:module';
import { EngineError, messageOf } from '../../../common/errors.js';
import type { Engine, Tfjs } from '../engine.js';
import { registerConvolutionGradients } from './kernels.js';
import { type Allocator, guardMemory } from './memory.js';
import { createOperations } from './operations.js';

/** Emscripten's code listens for these and throws what it hears: this process has its own ideas of its end. */
const LISTENED = ['uncaughtException', 'unhandledRejection'] as const;

/** @throws EngineError when this Node cannot run WebAssembly */
export async function loadWasm(): Promise<Engine> {
  const require = createRequire(import.meta.url);
  const before = LISTENED.map((name) => process.listeners(name as 'uncaughtException'));
  try {
    const tf = require('@tensorflow/tfjs') as Tfjs;
    const { version_wasm } = require('@tensorflow/tfjs-backend-wasm') as { version_wasm: string };
    tf.enableProdMode();
    if (!(await tf.setBackend('wasm'))) throw new Error('the backend does not initialise');
    guardMemory((tf.backend() as unknown as { wasm: Allocator }).wasm);
    registerConvolutionGradients(tf);
    const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true;
    return {
      tf,
      operations: createOperations(tf),
      // With and without SIMD it is another binary, which sums in another order.
      description: { name: 'wasm', version: version_wasm + (simd ? '-simd' : ''), device: 'cpu', threads: 1 },
    };
  } catch (error) {
    throw new EngineError(`the wasm engine does not load: ${messageOf(error)}`, { cause: error });
  } finally {
    for (const [i, name] of LISTENED.entries()) {
      for (const listener of process.listeners(name as 'uncaughtException'))
        if (before[i]?.includes(listener) === false) process.off(name, listener);
    }
  }
}
