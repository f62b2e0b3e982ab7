/** gRPC calls made by hand over HTTP/2: what an honest client would never put on the wire. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Refusal } from './abuse.js';

const PREFIX_BYTES = 5;
const DEADLINE_MS = 20_000;

/** A gRPC message: a flag, a length, the bytes. @param claimed the length that its prefix gives */
export function message(bytes: Uint8Array, { claimed = bytes.length, compressed = false } = {}): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(compressed ? 1 : 0, 0);
  prefix.writeUInt32BE(claimed, 1);
  return Buffer.concat([prefix, bytes]);
}

/**
 * Sends a body and, unless it is to end, keeps the call open: the status must come without waiting for the end.
 *
 * @param path as in /duet.v1.Exchange/Exchange
 */
export async function rawCall(
  address: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  { ends = false } = {},
): Promise<Refusal> {
  const session = connect(`http://${address}`);
  try {
    return await answerOf(session, path, headers, body, ends);
  } finally {
    session.destroy();
  }
}

function answerOf(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  ends: boolean,
): Promise<Refusal> {
  return new Promise((resolve, reject) => {
    const call = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const read = (found: Record<string, unknown>) => {
      const status = found['grpc-status'];
      const text = found['grpc-message'];
      if (status !== undefined)
        resolve({ code: Number(status), details: decodeURIComponent(typeof text === 'string' ? text : '') });
    };
    call
      .on('response', read)
      .on('trailers', read)
      .on('data', () => {});
    call.on('error', reject);
    session.on('error', reject);
    call.setTimeout(DEADLINE_MS, () => reject(new Error(`no status within ${DEADLINE_MS / 1000} s`)));
    if (ends) call.end(body);
    else call.write(body);
  });
}
