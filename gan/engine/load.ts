/** Loads the prepared native engine into this process: once, in its main thread, with its settings made before. */
import { createRequire } from 'node:module';
import util from 'node:util';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs';
import { EngineError, UsageError } from '../../common/errors.js';
import type { PreparedEngine } from './prepare/prepared.js';

type Tfjs = typeof import('@tensorflow/tfjs');

/** An attribute of a TensorFlow op, as the addon takes it. */
export interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** What we use of tfjs-node's backend: its doors to raw TensorFlow ops. */
export interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_FLOAT: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_INT: number;
  };
  executeSingleOutput(op: string, attributes: OpAttribute[], inputs: TensorInfo[]): Tensor;
  executeMultipleOutputs(op: string, attributes: OpAttribute[], inputs: TensorInfo[], outputs: number): Tensor[];
}

export interface EngineDescription {
  name: 'tensorflow';
  version: string;
  device: 'cuda' | 'cpu';
  /** Threads that one op may use. */
  threads: number;
}

export interface Engine {
  tf: Tfjs;
  backend: NativeBackend;
  description: EngineDescription;
}

export interface LoadOptions {
  prepared: PreparedEngine;
  threads: number;
  device: 'cuda' | 'cpu';
  /** True for a few samples beside the training: without oneDNN, which is slower and does not announce itself on stderr. */
  quiet?: boolean;
}

let loaded: Engine | undefined;

/**
 * @throws EngineError when the addon does not load, or is loaded already with other settings
 * @throws UsageError when a card was demanded and TensorFlow sees none
 */
export function loadEngine({ prepared, threads, device, quiet = false }: LoadOptions): Engine {
  if (loaded !== undefined) {
    const { description } = loaded;
    if (description.threads === threads && description.device === device) return loaded;
    throw new EngineError(
      `the engine is loaded in this process with ${description.threads} threads on ${description.device}; it cannot be loaded again with ${threads} on ${device}`,
    );
  }
  configure(threads, device, quiet);
  const { tf, backend } = requireNative(prepared);
  if (device === 'cuda' && !backend.isUsingGpuDevice) {
    throw new UsageError(
      '--device cuda was asked for, but TensorFlow finds no usable card: check nvidia-smi and the CUDA 12 libraries on LD_LIBRARY_PATH (TF_CPP_MAX_VLOG_LEVEL=3 names the library that fails to open), or use --device cpu',
    );
  }
  loaded = {
    tf,
    backend,
    description: { name: 'tensorflow', version: backend.binding.TF_Version, device, threads },
  };
  return loaded;
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
  // Removed in Node 23; tfjs-node 4.22 still calls it.
  (util as { isNullOrUndefined?: (value: unknown) => boolean }).isNullOrUndefined ??= (value) =>
    value === null || value === undefined;
  try {
    const tf = require('@tensorflow/tfjs') as Tfjs;
    const binding = require(prepared.addon) as NativeBackend['binding'];
    const parts = '@tensorflow/tfjs-node-gpu/dist';
    require(`${parts}/register_all_kernels.js`);
    const { NodeJSKernelBackend } = require(`${parts}/nodejs_kernel_backend.js`) as {
      NodeJSKernelBackend: new (binding: unknown, name: string) => NativeBackend & import('@tensorflow/tfjs').KernelBackend;
    };
    const { nodeFileSystemRouter } = require(`${parts}/io/file_system.js`) as { nodeFileSystemRouter: never };
    const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
    tf.enableProdMode();
    tf.registerBackend('tensorflow', () => backend, 3);
    tf.setBackend('tensorflow');
    tf.io.registerLoadRouter(nodeFileSystemRouter);
    tf.io.registerSaveRouter(nodeFileSystemRouter);
    return { tf, backend };
  } catch (error) {
    throw new EngineError(
      `the native engine in ${prepared.directory} does not load (${(error as Error).message.split('\n')[0]}): prepare it anew with 'npx coordinator engine --rebuild'`,
      { cause: error },
    );
  }
}
