/** Counts what this process's sockets to one port have carried: HTTP/2 frames and all, without the headers of TCP and IP. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CONNECTING = 'net.client.socket';

export class SocketBytes implements Disposable {
  readonly #port: number;
  readonly #sockets: Socket[] = [];
  readonly #connecting = (message: unknown) => void this.#sockets.push((message as { socket: Socket }).socket);

  constructor(port: number) {
    this.#port = port;
    subscribe(CONNECTING, this.#connecting);
  }

  get connections(): number {
    return this.#mine.length;
  }

  /** By all of them together, so far. */
  get total(): { sent: number; received: number } {
    const sum = (bytes: (socket: Socket) => number) => this.#mine.reduce((all, socket) => all + bytes(socket), 0);
    return { sent: sum(({ bytesWritten }) => bytesWritten), received: sum(({ bytesRead }) => bytesRead) };
  }

  get #mine(): Socket[] {
    return this.#sockets.filter(({ remotePort }) => remotePort === this.#port);
  }

  [Symbol.dispose](): void {
    unsubscribe(CONNECTING, this.#connecting);
  }
}
