/** One pair of `bench cost`: Duet and its peers on the same work, one after the other. */
import { messageOf } from '../../common/errors.js';
import { chainMs } from '../../coordinator/run/journal/step-chain.js';
import { freePort } from '../../tests/support/hosts/free-port.js';
import type { BenchDevice } from '../device.js';
import { discriminatorMs, medianMs, trainingRun } from '../duet.js';
import { torchMeasurement } from '../peer.js';
import { median } from '../statistics.js';
import { countTransfers } from '../transfers.js';
import { type Work, duetFlags, peerFlags } from '../work.js';
import type { Pair } from './ledger.js';

/** Steps before the measured ones. */
const WARM_UP = 3;

export interface Task {
  work: Work;
  device: BenchDevice;
  steps: number;
}

/** @param before earlier pairs: what has failed in one is not tried again */
export async function measurePair({ work, device, steps }: Task, before: readonly Pair[]): Promise<Pair> {
  const unless = async <F extends 'duet' | 'gloo' | 'one'>(form: F, measure: () => Promise<Pair[F]>) =>
    before.map((pair) => pair[form]).find((outcome) => 'failed' in outcome) ?? (await measure());
  const peer = ['--steps', String(steps), '--warmup', String(WARM_UP), '--device', device, ...peerFlags(work)];
  return {
    ...work,
    device,
    steps,
    pair: before.length + 1,
    duet: await unless('duet', () => duet({ work, device, steps })),
    gloo: await unless('gloo', async () => torchMeasurement('gloo', 1, [...peer, '--port', String(await freePort())])),
    one: await unless('one', () => torchMeasurement('one', 2, peer)),
    ...(device === 'cuda' ? { transfers: await countTransfers(work, device) } : {}),
  };
}

async function duet({ work, device, steps }: Task): Promise<Pair['duet']> {
  try {
    // No evaluation either: for another size than 28 px it would train its feature network first.
    const flags = [...duetFlags(work), '--device', device, '--evaluate-every', '0'];
    const run = await trainingRun({ steps, warmUp: WARM_UP, flags });
    return {
      ms: medianMs(run),
      chainMs: median(run.map(chainMs)),
      discriminatorMs: median(run.map(discriminatorMs)),
    };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}
