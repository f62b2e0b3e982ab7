/** A tensor on a stream: a header, then its bytes in messages of at most 1 MiB. */
import type { TensorFrame, TensorFrame__Output } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { TensorHeader__Output } from '../../proto/generated/duet/v1/TensorHeader.js';
import { RefusedError } from '../errors.js';
import { CHUNK_BYTES } from '../rpc.js';
import { type WireDtype, type WireValues, bytesPerValue } from './wire-values.js';

/** Where values may begin: as the widest of them wants it. */
const ALIGNMENT = 4;
/** Bytes of its message that a tensor may keep: gRPC's prefix, padding, tag and length. */
const MOST_AROUND = 16;
const LONGEST_TYPE = 40;
const MOST_SHOWN = 8;

export interface ExpectedTensor {
  epoch: number;
  /** Lowest and highest step that may come now. */
  steps: readonly [number, number];
  shape: readonly number[];
  dtype: WireDtype;
}

export interface ReceivedTensor {
  header: TensorHeader__Output;
  data: WireValues;
}

export interface OutgoingTensor {
  epoch: number;
  step: number;
  shape: readonly number[];
  dtype: WireDtype;
  loss?: number;
  plainLoss?: number;
}

/**
 * In front of data of 16 KiB to 1 MiB, whose length takes three bytes: prefix 5, padding 2 + 1, tag 1, length 3. With a
 * length of two bytes the values lie well without it, and what is shorter is copied anyway.
 */
const PADDING = Buffer.alloc(1);
const PADDED_FROM = 1 << 14;

/** The messages of one tensor. Views of `data`: it must stay as it is until they are written. */
export function* tensorFrames(header: OutgoingTensor, data: WireValues): Generator<TensorFrame> {
  yield {
    header: {
      epoch: header.epoch,
      step: header.step,
      shape: [...header.shape],
      dtype: header.dtype,
      loss: header.loss ?? 0,
      plainLoss: header.plainLoss ?? 0,
    },
  };
  for (let offset = 0; offset < data.byteLength; offset += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, data.byteLength - offset);
    const part = { data: Buffer.from(data.buffer, data.byteOffset + offset, size) };
    yield size < PADDED_FROM ? part : { padding: PADDING, ...part };
  }
}

/** @throws RefusedError when the header announces anything but what is expected now */
export function checkHeader(header: TensorHeader__Output, expected: ExpectedTensor): void {
  const { epoch, step, shape, dtype } = header;
  if (epoch !== expected.epoch) {
    throw new RefusedError(
      'FAILED_PRECONDITION',
      `epoch ${epoch} is not the run's, which is in epoch ${expected.epoch}`,
    );
  }
  const [first, last] = expected.steps;
  if (step < first || step > last) {
    throw new RefusedError('FAILED_PRECONDITION', `step ${step} is not due: expected ${first} to ${last}`);
  }
  if (dtype !== expected.dtype) {
    throw new RefusedError(
      'INVALID_ARGUMENT',
      `values of type '${dtype.slice(0, LONGEST_TYPE)}' are not taken: expected ${expected.dtype}`,
    );
  }
  if (shape.length !== expected.shape.length || shape.some((size, i) => size !== expected.shape[i])) {
    throw new RefusedError(
      'INVALID_ARGUMENT',
      `a tensor of shape ${shown(shape)} is not taken: expected ${shown(expected.shape)}`,
    );
  }
}

/** A refusal stays a sentence, whatever was sent: it travels in a trailer of a few kilobytes. */
function shown(shape: readonly number[]): string {
  return `[${shape.slice(0, MOST_SHOWN).join(', ')}${shape.length > MOST_SHOWN ? ', ...' : ''}]`;
}

/**
 * Puts frames together. Memory is taken for a tensor whose header has been accepted, once its data begins to come, and
 * exactly as much as was announced, so that a peer can claim no more than the step's own tensors. A tensor that came in
 * one message stays where it lies, if it lies well: the message's memory is then the tensor's.
 */
export class TensorAssembler {
  readonly #expected: () => ExpectedTensor;
  #header: TensorHeader__Output | undefined;
  /** Of the tensor whose header has come; its bytes. */
  #dtype: WireDtype = 'float32';
  #size = 0;
  #filled = 0;
  #bytes: Uint8Array | undefined;

  constructor(expected: () => ExpectedTensor) {
    this.#expected = expected;
  }

  /** @returns the tensor when this frame completes it @throws RefusedError when the frame does not fit */
  add(frame: Omit<TensorFrame__Output, 'padding'>): ReceivedTensor | undefined {
    if (frame.part === 'header' && frame.header) return this.#start(frame.header);
    if (frame.part === 'data' && frame.data) return this.#append(frame.data);
    throw new RefusedError('INVALID_ARGUMENT', 'a frame without a header or data');
  }

  #start(header: TensorHeader__Output): ReceivedTensor | undefined {
    if (this.#header !== undefined) {
      throw new RefusedError(
        'INVALID_ARGUMENT',
        `a header came while ${this.#size - this.#filled} bytes of the tensor before it were missing`,
      );
    }
    const expected = this.#expected();
    checkHeader(header, expected);
    this.#header = header;
    this.#dtype = expected.dtype;
    this.#size = expected.shape.reduce((a, b) => a * b, bytesPerValue(expected.dtype));
    this.#filled = 0;
    this.#bytes = undefined;
    return undefined;
  }

  #append(data: Uint8Array): ReceivedTensor | undefined {
    const header = this.#header;
    if (header === undefined) throw new RefusedError('INVALID_ARGUMENT', 'data came before its header');
    if (data.length === 0) throw new RefusedError('INVALID_ARGUMENT', 'an empty data message');
    if (data.length > this.#size - this.#filled) {
      throw new RefusedError(
        'INVALID_ARGUMENT',
        `${this.#filled + data.length} bytes came for a tensor of ${this.#size}`,
      );
    }
    const whole = data.length === this.#size && liesWell(data) ? data : this.#collect(data);
    if (whole === undefined) return undefined;
    this.#header = undefined;
    this.#bytes = undefined;
    const Values = this.#dtype === 'float32' ? Float32Array : Uint16Array;
    return {
      header,
      data: new Values(whole.buffer as ArrayBuffer, whole.byteOffset, this.#size / Values.BYTES_PER_ELEMENT),
    };
  }

  /** @returns all of them once they are there */
  #collect(data: Uint8Array): Uint8Array | undefined {
    this.#bytes ??= new Uint8Array(this.#size);
    this.#bytes.set(data, this.#filled);
    this.#filled += data.length;
    return this.#filled < this.#size ? undefined : this.#bytes;
  }
}

/** Values can be read in place, and the memory goes to another thread with nothing else in it (small buffers share a pool). */
function liesWell({ byteOffset, byteLength, buffer }: Uint8Array): boolean {
  return byteOffset % ALIGNMENT === 0 && buffer.byteLength - byteLength <= MOST_AROUND;
}
