/** What goes to the device and comes back from it in a step, and what of that has to, because processes exchange it. */
import { fileURLToPath } from 'node:url';
import { DuetError, UsageError } from '../common/errors.js';
import type { Engine } from '../gan/engine/index.js';
import type { BenchDevice } from './device.js';
import { runToEnd } from './processes.js';
import { type Work, sampleOf } from './work.js';

const MAIN = fileURLToPath(new URL('./transfers-main.js', import.meta.url));
const TIMEOUT_MS = 300_000;
const FLOAT_BYTES = 4;

/** Bytes, of all roles together. */
export interface Transfers {
  /** Host to device. */
  upload: number;
  /** Device to host. */
  readback: number;
}

/** Bytes of activations that go to the discriminator in a step; as many of gradients come back. */
export function exchangeBytes(work: Pick<Work, 'batch' | 'image' | 'generators'>): number {
  return work.generators * work.batch * sampleOf(work).reduce((a, b) => a * b, 1) * FLOAT_BYTES;
}

/** What we use of the addon: the two doors between the host's memory and the device's. */
interface Doors {
  TF_INT32: number;
  createTensor(shape: number[], dtype: number, values: ArrayLike<number>): number;
  tensorDataSync(id: number): ArrayBufferView;
}

/**
 * Counts what `compute` uploads and reads back. On the CPU nothing is copied, and the count is that of a card.
 * Whole numbers are shapes and axes, which TensorFlow keeps in the host's memory: they are not counted.
 */
export function transfersOf({ tf }: Engine, compute: () => void): Transfers {
  const counted = { upload: 0, readback: 0 };
  const open = tf.backend() as unknown as { binding: Doors };
  const { binding } = open;
  const createTensor: Doors['createTensor'] = (shape, dtype, values) => {
    if (dtype !== binding.TF_INT32) counted.upload += values.length * FLOAT_BYTES;
    return binding.createTensor(shape, dtype, values);
  };
  const tensorDataSync: Doors['tensorDataSync'] = (id) => {
    const values = binding.tensorDataSync(id);
    counted.readback += values.byteLength;
    return values;
  };
  // The addon's own properties cannot be written.
  open.binding = Object.create(binding, {
    createTensor: { value: createTensor },
    tensorDataSync: { value: tensorDataSync },
  }) as Doors;
  try {
    compute();
  } finally {
    open.binding = binding;
  }
  return counted;
}

/**
 * Of one step of that work, by a process of its own on that device.
 * @throws UsageError when the device is not usable
 */
export async function countTransfers(work: Work, device: BenchDevice): Promise<Transfers> {
  const args = [MAIN, device, JSON.stringify(work)];
  const { lines, failure } = await runToEnd(process.execPath, args, TIMEOUT_MS);
  if (failure?.code === 2) throw new UsageError(failure.reason);
  if (failure !== undefined) throw new DuetError(`the transfers could not be counted: ${failure.reason}`);
  return JSON.parse(lines[0] ?? '') as Transfers;
}
