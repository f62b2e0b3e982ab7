/**
 * Prepares the native engine: TensorFlow's C library out of its Python wheel, and tfjs-node's addon compiled against it.
 * Everything lands in one folder of the user's cache, put together under a temporary name and renamed at the end.
 */
import type { Flavour, PreparedEngine } from './prepared.js';
import { findFrom, prepareFrom } from './prepare-from.js';
import type { PrepareProgress } from './steps.js';
import { findWheel, wheelFor } from './wheels.js';

export type { Flavour, PreparedEngine, PrepareProgress };

export interface PrepareOptions {
  flavour: Flavour;
  env: NodeJS.ProcessEnv;
  onProgress?: (progress: PrepareProgress) => void;
  /** Aborting kills what runs and leaves nothing. */
  signal?: AbortSignal;
  /** Prepare anew even if it is there. */
  rebuild?: boolean;
}

/** The engine if it is ready, within milliseconds and without side effects. */
export function findPreparedEngine({
  flavour,
  env,
}: Pick<PrepareOptions, 'flavour' | 'env'>): PreparedEngine | undefined {
  const wheel = findWheel(flavour);
  return wheel && findFrom({ flavour, env, wheel });
}

/**
 * Returns at once when it is ready; else about 40 s and a download of 0.3 GB (cuda: 3.3 GB).
 * @throws EngineError when something is missing, with its cure
 */
export async function prepareEngine(options: PrepareOptions): Promise<PreparedEngine> {
  const { onProgress = () => {}, flavour } = options;
  return prepareFrom({ ...options, wheel: wheelFor(flavour), onProgress });
}
