/** How much a peer may send before it must hear that it was read: HTTP/2's windows, of a stream and of a connection. */
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/**
 * HTTP/2's default, 64 KiB, lets a tensor pass in pieces that each wait for a round trip: one MNIST batch is four of
 * them. This is the product of 1.6 Gbit/s and 40 ms, and what a peer can make this process hold, a connection.
 */
export const FLOW_CONTROL_WINDOW = 8 << 20;

/**
 * grpc-js 1.14 takes `grpc-node.flow_control_window` for its clients only (grpc/grpc-node#3058): what comes to a server,
 * every tensor of a generator, would pass through the default windows. Its HTTP/2 servers are in a private field.
 *
 * @param server that is bound
 */
export function widenWindows(server: Server): void {
  const { http2Servers } = server as unknown as { http2Servers: ReadonlyMap<Http2Server, unknown> };
  for (const http2Server of http2Servers.keys()) {
    http2Server.updateSettings({ initialWindowSize: FLOW_CONTROL_WINDOW });
    http2Server.on('session', (session: ServerHttp2Session) => session.setLocalWindowSize(FLOW_CONTROL_WINDOW));
  }
}
