/** Makes the faults that the coordinator asks this worker for. */
import { DuetError, messageOf } from '../../common/errors.js';
import { LONGEST_MS } from '../../common/faults.js';
import type { Log } from '../../common/log/log.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import type { ComputeFaults } from './compute-faults.js';
import { kill, stop } from './process-faults.js';
import type { Relay } from './relay.js';
import type { Relays } from './relays.js';

interface FaultMakerOptions {
  /** The worker was started with --allow-chaos. */
  allowed: boolean;
  relays: Pick<Relays, 'of'>;
  compute: Pick<ComputeFaults, 'nan' | 'slow'>;
  /** Synchronous: after a kill there is nobody to write it. */
  log: Log;
}

export class FaultMaker {
  readonly #options: FaultMakerOptions;

  constructor(options: FaultMakerOptions) {
    this.#options = options;
  }

  /** Makes it at once; one that cannot be made is refused with a line of the log, and the worker goes on. */
  make(fault: Fault__Output): void {
    const { allowed, log } = this.#options;
    const { kind, peer, milliseconds, delayMs } = fault;
    const refuse = (text: string) => log('warn', 'fault-refused', text, { fault: kind, peer });
    if (!allowed) return refuse(`refused to make a fault (${kind}): this worker was started without --allow-chaos`);
    try {
      const text = `makes a fault on purpose: ${kind}${peer === '' ? '' : ` towards ${peer}`}`;
      log('warn', 'fault-injected', text, { fault: kind, peer, milliseconds, delayMs });
      this.#make(fault);
    } catch (error) {
      refuse(`cannot make the fault: ${messageOf(error)}`);
    }
  }

  #make({ kind, peer, milliseconds, delayMs }: Fault__Output): void {
    const { compute } = this.#options;
    const forMs = Math.min(milliseconds, LONGEST_MS);
    switch (kind) {
      case 'kill':
        return kill();
      case 'stop':
        return stop(forMs);
      case 'delay':
        return this.#relayTo(peer).delay(Math.min(delayMs, LONGEST_MS), forMs);
      case 'partition':
        return this.#relayTo(peer).partition(forMs);
      case 'nan':
        return compute.nan();
      case 'slow':
        return compute.slow(delayMs, forMs);
      default:
        throw new DuetError(`this worker knows no fault '${kind}'`);
    }
  }

  #relayTo(peer: string): Relay {
    const relay = this.#options.relays.of(peer);
    if (relay === undefined) throw new DuetError(`this worker has no connection of its own to '${peer}'`);
    return relay;
  }
}
