/** A role's state to the coordinator's run store and back, in chunks, each call with a deadline. */
import { DuetError, RefusedError } from '../../common/errors.js';
import { CHUNK_BYTES, STATE_BYTES, callMetadata, rpcError } from '../../common/rpc.js';
import type { CoordinationClient } from '../../proto/generated/duet/v1/Coordination.js';
import type { StateChunk } from '../../proto/generated/duet/v1/StateChunk.js';
import type { StateChunk__Output } from '../../proto/generated/duet/v1/StateChunk.js';

interface StateName {
  role: string;
  step: number;
  epoch: number;
}

const DEADLINE_MS = 120_000;
const PEER = 'the coordinator (run store)';

export async function saveState(
  client: CoordinationClient,
  token: string,
  { role, step, epoch, file }: StateName & { file: Uint8Array },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const call = client.saveState(callMetadata(token), { deadline: Date.now() + DEADLINE_MS }, (error) =>
      error === null ? resolve() : reject(rpcError(error, PEER, client)),
    );
    for (const chunk of stateChunks({ role, step, epoch }, file)) call.write(chunk);
    call.end();
  });
}

/** The header of a state, then its bytes in messages of at most 1 MiB. */
function* stateChunks(name: StateName, file: Uint8Array): Generator<StateChunk> {
  yield { header: { ...name, bytes: file.length } };
  for (let offset = 0; offset < file.length; offset += CHUNK_BYTES) {
    yield { data: Buffer.from(file.buffer, file.byteOffset + offset, Math.min(CHUNK_BYTES, file.length - offset)) };
  }
}

export async function loadState(client: CoordinationClient, token: string, name: StateName): Promise<Uint8Array> {
  const call = client.loadState(name, callMetadata(token), { deadline: Date.now() + DEADLINE_MS });
  let file: Uint8Array | undefined;
  let filled = 0;
  try {
    for await (const { header, data } of call as AsyncIterable<StateChunk__Output>) {
      if (header && header.bytes <= STATE_BYTES) file = new Uint8Array(header.bytes);
      else if (file && data && filled + data.length <= file.length) {
        file.set(data, filled);
        filled += data.length;
      } else throw new RefusedError('DATA_LOSS', `${PEER} sent more of ${name.role}'s state than it announced`);
    }
  } catch (error) {
    throw rpcError(error, PEER, client);
  }
  if (file === undefined || filled < file.length)
    throw new DuetError(`${PEER} sent an incomplete state of ${name.role}`);
  return file;
}
