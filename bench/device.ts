/** What a benchmark computes on: the CPU, or an NVIDIA card that Duet and its peer can both use. */
import { Option } from 'commander';
import { usableCards } from '../coordinator/engines/prepare-with-progress.js';
import { assertPeerCard } from './peer.js';
import { countTransfers } from './transfers.js';
import { PRESET } from './work.js';

export const BENCH_DEVICES = ['cpu', 'cuda'] as const;
export type BenchDevice = (typeof BENCH_DEVICES)[number];

export function deviceOption(): Option {
  return new Option('--device <name>', 'of Duet and of PyTorch').choices(BENCH_DEVICES).default('cpu');
}

/** Before anything is measured. @throws UsageError when a card is asked for and there is none that both can use */
export async function assertDevice(device: BenchDevice): Promise<void> {
  if (device === 'cpu') return;
  await usableCards(device);
  assertPeerCard();
  // A card that nvidia-smi lists need not be one that TensorFlow can use.
  await countTransfers(PRESET, device);
}
