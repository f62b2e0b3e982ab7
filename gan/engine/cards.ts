/** NVIDIA cards of this machine, as nvidia-smi lists them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UsageError } from '../../common/errors.js';
import type { Flavour } from './prepare/prepared.js';

export interface NvidiaCard {
  index: number;
  uuid: string;
  name: string;
  /** MiB; 0 where the driver does not tell (cards that share the machine's memory). */
  memory: number;
}

const TIMEOUT_MS = 10_000;

/** Empty where there is no card, no driver or no nvidia-smi. */
export async function detectNvidiaCards(env: NodeJS.ProcessEnv): Promise<NvidiaCard[]> {
  return parseCards((await queryNvidiaCards('index,uuid,name,memory.total', env)) ?? '');
}

/**
 * What nvidia-smi says of the cards, a line each, values between ", " and without units.
 *
 * @param fields as `nvidia-smi --help-query-gpu` names them
 * @param more of its arguments
 * @returns undefined where there is no driver or no nvidia-smi, or it does not answer
 */
export async function queryNvidiaCards(
  fields: string,
  env: NodeJS.ProcessEnv,
  { more = [], timeoutMs = TIMEOUT_MS }: { more?: readonly string[]; timeoutMs?: number } = {},
): Promise<string | undefined> {
  const query = [`--query-gpu=${fields}`, '--format=csv,noheader,nounits', ...more];
  try {
    return (await promisify(execFile)('nvidia-smi', query, { env, timeout: timeoutMs, windowsHide: true })).stdout;
  } catch {
    return undefined;
  }
}

/** Lines of "index, uuid, name, memory in MiB"; others are passed over. */
export function parseCards(listing: string): NvidiaCard[] {
  return listing.split('\n').flatMap((line) => {
    const match = /^(\d+), (GPU-[\w-]+), (.+), (\d+|\[N\/A\])$/.exec(line.trim());
    if (match === null) return [];
    const [, index, uuid = '', name = '', memory] = match;
    return [{ index: Number(index), uuid, name, memory: Number(memory) || 0 }];
  });
}

/** Cards that a process may use: CUDA_VISIBLE_DEVICES, where its environment has it, by index or (start of) uuid. */
export function visibleCards(cards: readonly NvidiaCard[], env: NodeJS.ProcessEnv): NvidiaCard[] {
  const visible = env['CUDA_VISIBLE_DEVICES'];
  if (visible === undefined) return [...cards];
  const names = visible.split(',').map((name) => name.trim());
  return names.flatMap((name) => cards.filter((card) => isNamed(card, name)));
}

function isNamed(card: NvidiaCard, name: string): boolean {
  return name === String(card.index) || (name.startsWith('GPU-') && card.uuid.startsWith(name));
}

/** @throws UsageError when a card is demanded and there is none */
export function chooseFlavour(device: 'auto' | 'cuda' | 'cpu', cards: number): Flavour {
  if (device === 'cuda' && cards === 0) {
    throw new UsageError(
      '--device cuda was asked for, but nvidia-smi finds no NVIDIA card here that this process may use: install the NVIDIA driver (nvidia-smi must list the card), look at CUDA_VISIBLE_DEVICES, or use --device cpu or auto',
    );
  }
  return device !== 'cpu' && cards > 0 ? 'cuda' : 'cpu';
}
