/**
 * A TCP relay on loopback in front of a peer: where a run allows chaos, a worker's connections go through one, so that a
 * slow or a cut line can be made in the worker's own process, with no permission on any host.
 */
import { type AddressInfo, type Server, type Socket, createConnection, createServer } from 'node:net';
import { once } from 'node:events';
import { DuetError } from '../../common/errors.js';
import { Lane, type LineState } from './line.js';

const HOST = '127.0.0.1';

export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #line: LineState = { delayMs: 0, partitioned: false };
  readonly #links = new Set<Link>();
  #target = '';
  #undelay: NodeJS.Timeout | undefined;
  #heal: NodeJS.Timeout | undefined;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#accept(near));
    // It serves this process; it is no reason to stay.
    this.#server.unref();
  }

  /** Listens on a free port. Connections that come before a target is set hang. */
  static async open(): Promise<Relay> {
    const relay = new Relay();
    relay.#server.listen(0, HOST);
    await once(relay.#server, 'listening');
    return relay;
  }

  /** Where to connect to instead of the target, host:port. */
  get address(): string {
    return `${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bytes that wait in it. */
  get heldBytes(): number {
    return [...this.#links].reduce((sum, link) => sum + link.heldBytes, 0);
  }

  /** New connections lead to `target` (host:port); those that are there stay where they lead. */
  aim(target: string): void {
    parseAddress(target);
    this.#target = target;
    this.#connectAll();
  }

  /**
   * Everything in both directions is held for `ms`, the order kept. Replaces a delay that was there.
   *
   * @param forMs how long this lasts; 0: for ever
   */
  delay(ms: number, forMs: number): void {
    clearTimeout(this.#undelay);
    this.#line.delayMs = ms;
    if (forMs > 0) this.#undelay = setTimeout(() => (this.#line.delayMs = 0), forMs).unref();
  }

  /**
   * Nothing passes in either direction, no end and no reset of a connection either: each side believes the other silent.
   * New connections are accepted and hang. What was sent meanwhile is delivered when it heals, as TCP would.
   * Replaces a partition that was there.
   *
   * @param forMs how long this lasts; 0: for ever
   */
  partition(forMs: number): void {
    clearTimeout(this.#heal);
    this.#line.partitioned = true;
    if (forMs > 0) this.#heal = setTimeout(() => this.heal(), forMs).unref();
  }

  /** Ends a partition. */
  heal(): void {
    clearTimeout(this.#heal);
    this.#line.partitioned = false;
    this.#connectAll();
    for (const link of this.#links) link.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#undelay);
    clearTimeout(this.#heal);
    for (const link of this.#links) link.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    const link = new Link(near, this.#line, () => this.#links.delete(link));
    this.#links.add(link);
    this.#connectAll();
  }

  #connectAll(): void {
    if (this.#line.partitioned || this.#target === '') return;
    for (const link of this.#links) link.connect(this.#target);
  }
}

/** One connection, and the one that it leads to. */
class Link {
  readonly #near: Socket;
  readonly #out: Lane;
  readonly #line: LineState;
  readonly #gone: () => void;
  #far: Socket | undefined;
  #back: Lane | undefined;

  constructor(near: Socket, line: LineState, gone: () => void) {
    this.#near = near;
    this.#line = line;
    this.#gone = gone;
    this.#out = new Lane(near, line);
    near.on('error', ignore);
    near.on('end', () => {
      // Nobody has heard of a connection that still hangs: it never was.
      if (this.#far === undefined) near.destroy();
    });
    near.on('close', () => this.#closed());
  }

  get heldBytes(): number {
    return this.#out.heldBytes + (this.#back?.heldBytes ?? 0);
  }

  /** Once. */
  connect(target: string): void {
    if (this.#far !== undefined || this.#near.destroyed) return;
    const far = createConnection({ ...parseAddress(target), allowHalfOpen: true, noDelay: true });
    this.#far = far;
    far.on('error', ignore);
    far.on('close', () => this.#closed());
    this.#back = new Lane(far, this.#line);
    this.#back.connect(this.#near);
    this.#out.connect(far);
  }

  flush(): void {
    this.#out.flush();
    this.#back?.flush();
  }

  destroy(): void {
    this.#out.discard();
    this.#back?.discard();
    this.#near.destroy();
    this.#far?.destroy();
  }

  #closed(): void {
    if (this.#near.destroyed && (this.#far?.destroyed ?? true)) this.#gone();
  }
}

/** A socket that dies closes, too, and that is what is looked at. */
const ignore = (): void => {};

/** @throws DuetError when it is not host:port */
export function parseAddress(address: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (host === '' || Number(port) > 65535) throw new DuetError(`'${address}' is not an address HOST:PORT`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
