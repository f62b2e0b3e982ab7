/** Loads the prepared native engine into this process: once, in its main thread, with its settings made before. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { EngineError, UsageError } from '../../../common/errors.js';
import type { Engine, Tfjs } from '../engine.js';
import type { PreparedEngine } from '../prepare/prepared.js';
import type { Native, NativeBackend } from './native.js';
import { type AddonCalls, observed } from './observe.js';
import { createOperations } from './operations.js';

export interface NativeOptions {
  prepared: PreparedEngine;
  threads: number;
  device: 'cuda' | 'cpu';
  /** True for a few samples beside the training: without oneDNN, which is slower and does not announce itself on stderr. */
  quiet?: boolean;
}

/**
 * @throws EngineError when the addon does not load
 * @throws UsageError when a card was demanded and TensorFlow sees none
 */
export function loadTensorflow({ prepared, threads, device, quiet = false }: NativeOptions): Engine {
  configure(threads, device, quiet);
  const { tf, backend } = requireNative(prepared);
  if (device === 'cuda' && !backend.isUsingGpuDevice) throw new UsageError(explainNoCard(prepared));
  const version = backend.binding.TF_Version;
  const native: Native = { tf, backend, description: { name: 'tensorflow', version, device, threads } };
  return { tf, description: native.description, operations: createOperations(native) };
}

/** TensorFlow reads these when its library is loaded, and never again. */
function configure(threads: number, device: 'cuda' | 'cpu', quiet: boolean): void {
  Object.assign(process.env, {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_ENABLE_ONEDNN_OPTS: quiet ? '0' : '1',
    // Else the first process takes the whole card.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    ...(device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  });
}

/**
 * tfjs-node's own entry looks for its addon inside node_modules, where every `npm ci` deletes it, and would download
 * one; its parts are put together here instead, around the addon in the cache.
 */
function requireNative(prepared: PreparedEngine): { tf: Tfjs; backend: NativeBackend } {
  const require = createRequire(import.meta.url);
  restoreUtil();
  try {
    const tf = require('@tensorflow/tfjs') as Tfjs;
    const binding = observed(require(prepared.addon) as NativeBackend['binding'] & AddonCalls);
    const parts = '@tensorflow/tfjs-node-gpu/dist';
    require(`${parts}/register_all_kernels.js`);
    const { NodeJSKernelBackend } = require(`${parts}/nodejs_kernel_backend.js`) as {
      NodeJSKernelBackend: new (
        binding: unknown,
        name: string,
      ) => NativeBackend & import('@tensorflow/tfjs').KernelBackend;
    };
    const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
    tf.enableProdMode();
    tf.registerBackend('tensorflow', () => backend, 3);
    void tf.setBackend('tensorflow');
    return { tf, backend };
  } catch (error) {
    throw new EngineError(
      `the native engine in ${prepared.directory} does not load (${(error as Error).message.split('\n')[0]}): prepare it anew with 'npx coordinator engine --rebuild'`,
      { cause: error },
    );
  }
}

/** What tfjs-node 4.22 still calls: in Node 22 both warn of their removal, from Node 23 on one is gone. */
function restoreUtil(): void {
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean; isArray?: (value: unknown) => boolean };
  old.isNullOrUndefined = (value) => value === null || value === undefined;
  old.isArray = Array.isArray;
}

/** What TensorFlow 2.21's CUDA build opens by name, the driver's library first. */
const CUDA_LIBRARIES = [
  ...['libcuda.so.1', 'libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcufft.so.11'],
  ...['libcusolver.so.11', 'libcusparse.so.12', 'libcudnn.so.9'],
];

function explainNoCard({ libraryPath }: PreparedEngine): string {
  const faults = CUDA_LIBRARIES.flatMap((name) => openFault(name, libraryPath) ?? []);
  const start = '--device cuda was asked for, but TensorFlow finds no usable card: ';
  const end = '; or use --device cpu or auto';
  if (faults[0]?.startsWith('libcuda.so.1'))
    return `${start}the NVIDIA driver's library does not open (${faults[0]})${end}`;
  if (faults.length > 0)
    return `${start}${faults.join('; ')}: prepare the engine anew with 'npx coordinator engine --rebuild'${end}`;
  return `${start}its libraries all open, so look at nvidia-smi and CUDA_VISIBLE_DEVICES, and set TF_CPP_MAX_VLOG_LEVEL=3 to see TensorFlow's reason${end}`;
}

/** Opens a library as TensorFlow would. @returns the loader's words when it does not open */
function openFault(name: string, libraryPath: readonly string[]): string | undefined {
  const prepared = libraryPath.map((folder) => join(folder, name)).find((path) => existsSync(path));
  try {
    process.dlopen({ exports: {} }, prepared ?? name);
  } catch (error) {
    // Node complains of every library that is no addon, once it is open.
    const said = (error as Error).message;
    return said.includes('did not self-register') ? undefined : said;
  }
  return undefined;
}
