/** Peers of a coordinator that send what they like, and workers that join by hand. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Metadata, callMetadata, coordinationClient } from '../../../common/rpc.js';
import type { CoordinatorMessage__Output } from '../../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { LoadStateRequest } from '../../../proto/generated/duet/v1/LoadStateRequest.js';
import type { StateChunk } from '../../../proto/generated/duet/v1/StateChunk.js';
import type { WorkerMessage } from '../../../proto/generated/duet/v1/WorkerMessage.js';
import { type Refusal, refusalOf } from './abuse.js';

export const WORKER = fileURLToPath(new URL('../../../../worker/bin/worker.js', import.meta.url));

/** What a worker says first. */
export const JOIN = { protocol: 3, host: 'elsewhere', pid: 1, duet: '0' };

const metadataOf = (token: string | undefined) => (token === undefined ? new Metadata() : callMetadata(token));

export interface JoinedByHand extends Disposable {
  child: ChildProcess;
  stderr(): string;
}

/** A `worker join` of its own. */
export function joinByHand(address: string, tokenFile: string, ...more: string[]): JoinedByHand {
  const args = [WORKER, 'join', '--coordinator', address, '--token-file', tokenFile, ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { child, stderr: () => stderr, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

/** Opens a control stream, says all this, and waits for the status with which the coordinator ends it. */
export async function control(
  address: string,
  token: string | undefined,
  ...messages: WorkerMessage[]
): Promise<Refusal> {
  const client = coordinationClient(address);
  const stream = client.control(metadataOf(token));
  const refusal = refusalOf(stream as never);
  for (const message of messages) stream.write(message);
  const answer = await refusal;
  client.close();
  return answer;
}

/** A control stream that stays open. */
export function openControl(address: string, token: string) {
  const client = coordinationClient(address);
  const stream = client.control(callMetadata(token));
  const messages: CoordinatorMessage__Output[] = [];
  stream.on('data', (message: CoordinatorMessage__Output) => messages.push(message));
  stream.on('error', () => {});
  return {
    messages,
    write: (message: WorkerMessage) => void stream.write(message),
    [Symbol.dispose]() {
      stream.cancel();
      client.close();
    },
  };
}

/** Hands in a state. */
export async function saveState(address: string, token: string | undefined, ...chunks: StateChunk[]): Promise<Refusal> {
  const client = coordinationClient(address);
  return await new Promise((resolve) => {
    const call = client.saveState(metadataOf(token), (error) => {
      client.close();
      resolve({ code: error?.code ?? 0, details: error?.details ?? '' });
    });
    call.on('error', () => {});
    for (const chunk of chunks) call.write(chunk);
    call.end();
  });
}

/** Asks for a state. */
export async function loadState(
  address: string,
  token: string | undefined,
  request: LoadStateRequest,
): Promise<Refusal> {
  const client = coordinationClient(address);
  const refusal = await refusalOf(client.loadState(request, metadataOf(token)) as never);
  client.close();
  return refusal;
}
