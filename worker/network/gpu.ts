/** Memory and load of the worker's NVIDIA card, as nvidia-smi tells them. */
import { queryNvidiaCards } from '../../gan/engine/cards.js';

export interface CardReading {
  uuid: string;
  /** In use by anyone. */
  usedBytes: number;
  totalBytes: number;
  /** 0 to 1; undefined where the driver does not tell (slices of a card). */
  load?: number;
}

const TIMEOUT_MS = 4000;
const MIB = 1 << 20;

/**
 * The first card that this process may use (a worker has one).
 *
 * @returns undefined where there is no card, or nvidia-smi does not answer
 */
export async function readCard(env: NodeJS.ProcessEnv): Promise<CardReading | undefined> {
  const visible = env['CUDA_VISIBLE_DEVICES']?.split(',')[0]?.trim();
  const more = visible === undefined || visible === '' ? [] : [`--id=${visible}`];
  const fields = 'uuid,memory.used,memory.total,utilization.gpu';
  return parseReading((await queryNvidiaCards(fields, env, { more, timeoutMs: TIMEOUT_MS })) ?? '');
}

/** The first line of "uuid, MiB used, MiB in all, percent"; what the driver does not know is "[N/A]". */
export function parseReading(listing: string): CardReading | undefined {
  const match = /^(GPU-[\w-]+), (\d+), (\d+), (\d+|\[N\/A\])\s*$/m.exec(listing);
  if (match === null) return undefined;
  const [, uuid = '', used, total, load = ''] = match;
  return {
    uuid,
    usedBytes: Number(used) * MIB,
    totalBytes: Number(total) * MIB,
    ...(load.startsWith('[') ? {} : { load: Number(load) / 100 }),
  };
}
