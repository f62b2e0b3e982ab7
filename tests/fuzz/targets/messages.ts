/** Messages on the wire: bytes through the decoders that gRPC's servers and clients are given. */
import fc from 'fast-check';
import { TensorAssembler } from '../../../common/tensors/tensor-stream.js';
import { loadContract } from '../../../proto/load.js';
import { mutated, varint } from '../mutations.js';
import { defineTarget } from '../target.js';

const { Coordination, Exchange } = loadContract().duet.v1;

/** A type of message: its decoder, and valid messages. */
interface Codec {
  name: string;
  decode(bytes: Buffer): object;
  seeds: Buffer[];
}

const many = Array.from({ length: 300 }, (_, i) => i * 1000);
const begin = { epoch: 2, step: 7, exchange: '127.0.0.1:4711', sampleShape: [28, 28, 1], branch: 1, signals: true };
const header = { epoch: 2, step: 7, shape: [16, 4], dtype: 'float32', loss: 0.5, plainLoss: 0.25 };
const state = { role: 'generator-1', step: 7, epoch: 2, bytes: 4096 };

const FAULT = { kind: 'delay', role: 'generator-1', peer: 'discriminator', atStep: 9, milliseconds: 500, delayMs: 20 };

const WORKER: object[] = [
  { join: { protocol: 3, host: 'elsewhere', pid: 4711, duet: '0.1.0' } },
  {
    ready: {
      epoch: 1,
      exchange: '127.0.0.1:4711',
      engine: 'tensorflow',
      device: 'cpu',
      threads: 1,
      sampleShape: [28, 28, 1],
      dataSha256: 'a'.repeat(64),
    },
  },
  {
    vote: {
      epoch: 1,
      step: 7,
      loss: 0.5,
      plainLoss: 0.25,
      gradientNorm: 2,
      verdicts: [32, 16, 16],
      tensors: 40,
      phases: [{ name: 'compute', milliseconds: 12 }],
      scores: [0.5, 0.25, 0.25],
      signals: { sigma: { 'dense-1': 1.5, conv: 2 }, diversity: [1, 0.5], updateShare: [0.5, 0.5] },
    },
  },
  { vote: { epoch: 1, step: 7, verdicts: many, scores: many, fault: 'not finite' } },
  {
    heartbeat: { epoch: 1, phase: 'compute', residentBytes: 2 ** 40, peers: [{ role: 'discriminator', silentMs: 9 }] },
  },
  { samples: { step: 7, shape: [64, 28, 28, 1], dtype: 'uint8', data: Buffer.alloc(1000, 3) } },
  { failure: { reason: 'the device is gone', usage: true } },
  { trouble: { epoch: 1, step: 7, peer: 'generator-2', kind: 'silent', reason: 'nothing for 5 s' } },
];
const COORDINATOR: object[] = [
  {
    assign: {
      run: 'one',
      epoch: 1,
      role: 'generator-1',
      config: '{"steps":5}',
      engine: '{"name":"tensorflow","device":"cpu"}',
      threads: 1,
      step: 7,
      restore: true,
    },
  },
  { begin },
  { commit: { epoch: 2, step: 6, averageGeneratorLoss: 0.5, checkpoint: true, sample: true, next: begin } },
  { stop: { reason: 'the run is over' } },
  { refused: { status: 'FAILED_PRECONDITION', reason: 'old' } },
  { restore: { epoch: 3, step: 5 } },
  { standby: { role: 'generator-1', config: '{}', engine: '{}', threads: 1 } },
  { fault: FAULT },
];

function codec(
  name: string,
  { serialize, deserialize }: { serialize(value: never): Buffer; deserialize(bytes: Buffer): object },
  values: object[],
): Codec {
  return { name, decode: deserialize, seeds: values.map((value) => serialize(value as never)) };
}

const requests = (method: { requestSerialize(v: never): Buffer; requestDeserialize(b: Buffer): object }) => ({
  serialize: method.requestSerialize,
  deserialize: method.requestDeserialize,
});
const responses = (method: { responseSerialize(v: never): Buffer; responseDeserialize(b: Buffer): object }) => ({
  serialize: method.responseSerialize,
  deserialize: method.responseDeserialize,
});

const { Chaos, Control, SaveState, LoadState } = Coordination.service;
export const CODECS: readonly Codec[] = [
  codec('WorkerMessage', requests(Control), WORKER),
  codec('CoordinatorMessage', responses(Control), COORDINATOR),
  codec('StateChunk', requests(SaveState), [{ header: state }, { data: Buffer.alloc(4096, 1) }]),
  codec('StateSaved', responses(SaveState), [{ sha256: 'a'.repeat(64) }]),
  codec('LoadStateRequest', requests(LoadState), [state]),
  codec('Fault', requests(Chaos), [FAULT]),
  codec('TensorFrame', requests(Exchange.service.Exchange), [
    { header },
    { header: { ...header, shape: many } },
    { data: Buffer.alloc(256, 2) },
    { padding: Buffer.alloc(1), data: Buffer.alloc(256, 2) },
    { pulse: { sent: 2 ** 41 } },
  ]),
];

/** What no honest encoder writes: groups within groups, fields of no length, a length of 2^40 bytes. */
const HOSTILE = [
  Buffer.alloc(100_000, 0x0b),
  Buffer.concat([Buffer.from([0x0a]), varint(2n ** 40n)]),
  Buffer.concat([Buffer.from([0x1a]), varint(2n ** 32n - 1n), Buffer.alloc(8)]),
  Buffer.alloc(64, 0xff),
  Buffer.alloc(11, 0x80),
];

const withBytes = (each: Codec, arbitrary: fc.Arbitrary<Buffer>) => arbitrary.map((bytes) => ({ ...each, bytes }));
const inputs = fc.oneof(
  { weight: 90, arbitrary: fc.oneof(...CODECS.map((each) => withBytes(each, mutated(each.seeds)))) },
  {
    weight: 9,
    arbitrary: fc.oneof(...CODECS.map((each) => withBytes(each, mutated([...each.seeds, ...HOSTILE.slice(1)])))),
  },
  // Long ones, seldom.
  { weight: 1, arbitrary: fc.constantFrom(...CODECS).chain((each) => withBytes(each, mutated(HOSTILE))) },
);

export const messages = defineTarget({
  name: 'messages',
  share: 0.4,
  inputs,
  reading({ name, decode, bytes }) {
    let decoded = false;
    return {
      bytes: bytes.length,
      allowance: 2 * bytes.length + (64 << 10),
      // gRPC ends the call with INTERNAL for whatever its decoder throws; what is thrown after that must be ours.
      known: (error) => (!decoded && error instanceof Error ? `INTERNAL (${error.name})` : undefined),
      read() {
        const message = decode(bytes);
        decoded = true;
        if (name !== 'TensorFrame') return;
        const assembler = new TensorAssembler(() => ({ epoch: 2, steps: [7, 8], shape: [16, 4], dtype: 'float32' }));
        assembler.add(message);
      },
    };
  },
});
