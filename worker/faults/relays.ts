/** The relays of a worker, one for each peer that it connects to; none where chaos is not allowed. */
import { Relay } from './relay.js';

/** The peers that a worker connects to by itself. The discriminator's exchange has its relay at the generator's end. */
export const PEERS = ['coordinator', 'discriminator'] as const;
export type PeerName = (typeof PEERS)[number];

export class Relays {
  readonly #relays: ReadonlyMap<string, Relay>;

  private constructor(relays: ReadonlyMap<string, Relay>) {
    this.#relays = relays;
  }

  static async open(allowed: boolean): Promise<Relays> {
    const relays = new Map<string, Relay>();
    if (allowed) for (const peer of PEERS) relays.set(peer, await Relay.open());
    return new Relays(relays);
  }

  /**
   * Where to connect to reach a peer: its relay, aimed at `address`, or the address itself.
   * A peer that comes back at another address is at the other end of the same line, whatever is wrong with that.
   */
  through(peer: PeerName, address: string): string {
    const relay = this.#relays.get(peer);
    relay?.aim(address);
    return relay?.address ?? address;
  }

  of(peer: string): Relay | undefined {
    return this.#relays.get(peer);
  }
}
