/** Clients that misbehave: what the other end says to them. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { type ClientDuplexStream } from '../../../common/rpc.js';

export interface Refusal {
  code: number;
  details: string;
}

/** The status with which a stream ends. */
export async function refusalOf(stream: ClientDuplexStream<never, never>): Promise<Refusal> {
  stream.on('data', () => {});
  return await new Promise((resolve) => {
    stream.on('error', (error) => resolve(error as unknown as Refusal));
    stream.on('end', () => resolve({ code: 0, details: 'ended without an error' }));
  });
}

/** Sends bytes that are not gRPC, and waits until the server hangs up. @returns what it said */
export async function sayOnSocket(address: string, bytes: string | Uint8Array): Promise<string> {
  const [host = '', port = ''] = address.split(/:(?=\d+$)/);
  const socket = createConnection({ host, port: Number(port) });
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => (said += text));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.end(bytes);
  await once(socket, 'close');
  return said;
}

/** Promise.withResolvers, which Node 20 lacks. */
export function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let settle: Pick<ReturnType<typeof deferred<T>>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  if (settle === undefined) throw new Error('a promise runs its executor at once');
  return { promise, ...settle };
}
