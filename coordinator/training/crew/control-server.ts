/** The coordinator's gRPC service: connections become members, and everything they say becomes events in order. */
import { DuetError, RefusedError, messageOf } from '../../../common/errors.js';
import {
  CHUNK_BYTES,
  type RefusedListener,
  type RpcServer,
  STATE_BYTES,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  authorise,
  listen,
  refuse,
  statusOf,
} from '../../../common/rpc.js';
import type { Trust } from '../../../common/trust/trust.js';
import type { CoordinatorMessage } from '../../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Fault__Output } from '../../../proto/generated/duet/v1/Fault.js';
import type { FaultInjected } from '../../../proto/generated/duet/v1/FaultInjected.js';
import type { LoadStateRequest__Output } from '../../../proto/generated/duet/v1/LoadStateRequest.js';
import type { StateChunk, StateChunk__Output } from '../../../proto/generated/duet/v1/StateChunk.js';
import type { StateHeader__Output } from '../../../proto/generated/duet/v1/StateHeader.js';
import type { WorkerMessage__Output } from '../../../proto/generated/duet/v1/WorkerMessage.js';
import type { RoleFile } from '../../run/checkpoints/checkpoints.js';
import type { Cause } from '../../run/journal/cause.js';
import type { Interruption } from '../faults/interruption.js';
import type { EventQueue } from './event-queue.js';
import { Member } from './member.js';

/** What the service needs of the run it serves. */
export interface ControlServerOptions {
  host: string;
  port: number;
  token: string;
  /** Mutual TLS; undefined: none. */
  trust?: Trust | undefined;
  /** Told of connections that are refused before anything is read from them. */
  refused?: RefusedListener | undefined;
  /** Gets what happens, in its order. */
  events: EventQueue<MemberEvent>;
  /** @throws RefusedError when no more workers are taken */
  admit(): void;
  /** Opens the file for a state that was asked for. @throws RefusedError otherwise */
  openState(header: StateHeader__Output): RoleFile;
  /** After a role's file is whole. */
  stateSaved(): void;
  /** When a state could not be kept, through no fault of its sender. */
  stateFailed(error: unknown): void;
  /** @throws RefusedError when this role's state is not to be had */
  readState(request: LoadStateRequest__Output): Uint8Array;
  /** Makes a fault on purpose, unless nobody waits for it any more. @throws RefusedError */
  inject(fault: Fault__Output, withdrawn: AbortSignal): Promise<FaultInjected>;
}

export type MemberEvent =
  | { kind: 'joined'; member: Member }
  | { kind: 'message'; member: Member; message: WorkerMessage__Output }
  | { kind: 'left'; member: Member; cause: Cause; reason: string }
  /** Something else that the waiting loop must look at. */
  | { kind: 'child-ended'; pid: number; reason: string }
  /** The step in progress cannot be committed, although everyone is there. */
  | { kind: 'interrupted'; interruption: Interruption }
  /** The checkpoint that was being written exists. */
  | { kind: 'checkpoint-settled' }
  | { kind: 'stop-requested'; by: string };

const PROTOCOL = 3;
/** Ten heartbeats. */
const DUMB_MS = 5000;

type Control = ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>;

export async function serveControl(options: ControlServerOptions): Promise<RpcServer> {
  const handlers = {
    Control: (call: Control) => guarded(call, options, () => acceptControl(call, options)),
    SaveState: (call: ServerReadableStream<StateChunk__Output, { sha256: string }>, done: Done<{ sha256: string }>) =>
      void receiveState(call, options).then(
        (sha256) => done(null, { sha256 }),
        (error: unknown) => done(statusOf(error)),
      ),
    LoadState: (call: ServerWritableStream<LoadStateRequest__Output, StateChunk>) =>
      guarded(call, options, () => sendState(call, options)),
    Chaos: (call: ServerUnaryCall<Fault__Output, FaultInjected>, done: Done<FaultInjected>) =>
      void injectFault(call, options).then(
        (injected) => done(null, injected),
        (error: unknown) => done(statusOf(error)),
      ),
  };
  const { host, port, trust, refused } = options;
  return listen({ service: 'Coordination', handlers, host, port, trust, refused });
}

type Done<T> = (error: { code: number; details: string } | null, reply?: T) => void;

/** Nothing is looked at before the token. */
function guarded(
  call: Control | ServerWritableStream<LoadStateRequest__Output, StateChunk>,
  { token }: ControlServerOptions,
  action: () => void,
): void {
  try {
    authorise(call.metadata, token);
    action();
  } catch (error) {
    refuse(call, error);
  }
}

function acceptControl(call: Control, options: ControlServerOptions): void {
  const { events } = options;
  let member: Member | undefined;
  call.on('data', (message: WorkerMessage__Output) => {
    try {
      if (member === undefined) {
        member = admitMember(call, message, options);
        events.push({ kind: 'joined', member });
        return;
      }
      member.heard();
      if (message.message === 'join') throw new RefusedError('INVALID_ARGUMENT', 'a worker joins once');
      if (message.message === 'heartbeat') member.beat(message.heartbeat);
      else if (member.present) events.push({ kind: 'message', member, message });
    } catch (error) {
      refuse(call, error);
      member?.left(messageOf(error), 'crashed');
    }
  });
  call.on('end', () => {
    member?.left('it closed the connection', lossOf(member));
    call.end();
  });
  call.on('cancelled', () => member?.left('its connection broke', lossOf(member)));
  call.on('error', (error: Error) => member?.left(messageOf(error), lossOf(member)));
}

/** A connection that had long been dumb when it broke (keepalive) tells of silence, not of a crash. */
function lossOf(member: Member | undefined): Cause {
  return (member?.silence(performance.now()) ?? 0) > DUMB_MS ? 'silent' : 'crashed';
}

function admitMember(call: Control, message: WorkerMessage__Output, options: ControlServerOptions): Member {
  const { join } = message;
  if (message.message !== 'join' || !join) {
    throw new RefusedError(
      'FAILED_PRECONDITION',
      `the first message must be join, not ${message.message ?? 'nothing'}`,
    );
  }
  if (join.protocol !== PROTOCOL) {
    throw new RefusedError(
      'FAILED_PRECONDITION',
      `the worker speaks protocol ${join.protocol} (Duet ${join.duet}), this coordinator speaks ${PROTOCOL}: use the same version`,
    );
  }
  options.admit();
  return new Member(join, call, (reason, cause, member) =>
    options.events.push({ kind: 'left', member, cause, reason }),
  );
}

async function receiveState(
  call: ServerReadableStream<StateChunk__Output, { sha256: string }>,
  { token, openState, stateSaved, stateFailed }: ControlServerOptions,
): Promise<string> {
  authorise(call.metadata, token);
  let file: RoleFile | undefined;
  try {
    for await (const { header, data } of call as AsyncIterable<StateChunk__Output>) {
      if (header) {
        if (file) throw new RefusedError('INVALID_ARGUMENT', 'a second header in one state');
        if (header.bytes > STATE_BYTES)
          throw new RefusedError('RESOURCE_EXHAUSTED', `a state of ${header.bytes} bytes`);
        file = openState(header);
      } else if (data && file) file.write(data);
      else throw new RefusedError('INVALID_ARGUMENT', 'the first message of a state must be its header');
    }
    if (!file) throw new RefusedError('INVALID_ARGUMENT', 'a state without a header');
    const sha256 = file.finish();
    stateSaved();
    return sha256;
  } catch (error) {
    file?.abandon();
    // Only ours tell of the disk; any other is the stream's: its sender has hung up.
    if (error instanceof DuetError && !(error instanceof RefusedError)) stateFailed(error);
    throw error;
  }
}

function sendState(
  call: ServerWritableStream<LoadStateRequest__Output, StateChunk>,
  options: ControlServerOptions,
): void {
  const { role, step, epoch } = call.request;
  const file = options.readState(call.request);
  call.write({ header: { role, step, epoch, bytes: file.length } });
  for (let offset = 0; offset < file.length; offset += CHUNK_BYTES) {
    call.write({ data: Buffer.from(file.subarray(offset, offset + CHUNK_BYTES)) });
  }
  call.end();
}

async function injectFault(
  call: ServerUnaryCall<Fault__Output, FaultInjected>,
  { token, inject }: ControlServerOptions,
): Promise<FaultInjected> {
  authorise(call.metadata, token);
  const withdrawn = new AbortController();
  call.on('cancelled', () => withdrawn.abort());
  return await inject(call.request, withdrawn.signal);
}
