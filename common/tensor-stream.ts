/** A float32 tensor on a stream: a header, then its bytes in messages of at most 1 MiB. */
import type { TensorFrame, TensorFrame__Output } from '../proto/generated/duet/v1/TensorFrame.js';
import type { TensorHeader__Output } from '../proto/generated/duet/v1/TensorHeader.js';
import { RefusedError } from './errors.js';
import { CHUNK_BYTES } from './rpc.js';

const BYTES_PER_VALUE = 4;
const LONGEST_TYPE = 40;
const MOST_SHOWN = 8;

export interface ExpectedTensor {
  epoch: number;
  /** Lowest and highest step that may come now. */
  steps: readonly [number, number];
  shape: readonly number[];
}

export interface ReceivedTensor {
  header: TensorHeader__Output;
  data: Float32Array;
}

export interface OutgoingTensor {
  epoch: number;
  step: number;
  shape: readonly number[];
  loss?: number;
  plainLoss?: number;
}

/** The messages of one tensor. Views of `data`: it must stay as it is until they are written. */
export function* tensorFrames(header: OutgoingTensor, data: Float32Array): Generator<TensorFrame> {
  yield {
    header: {
      epoch: header.epoch,
      step: header.step,
      shape: [...header.shape],
      dtype: 'float32',
      loss: header.loss ?? 0,
      plainLoss: header.plainLoss ?? 0,
    },
  };
  for (let offset = 0; offset < data.byteLength; offset += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, data.byteLength - offset);
    yield { data: Buffer.from(data.buffer, data.byteOffset + offset, size) };
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
  if (dtype !== 'float32') {
    throw new RefusedError(
      'INVALID_ARGUMENT',
      `values of type '${dtype.slice(0, LONGEST_TYPE)}' are not taken: expected float32`,
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
 * Puts frames together. Memory is taken once a header has been accepted, and exactly as much as it announced,
 * so that a peer can claim no more than the step's own tensors.
 */
export class TensorAssembler {
  readonly #expected: () => ExpectedTensor;
  #header: TensorHeader__Output | undefined;
  #bytes = new Uint8Array();
  #filled = 0;

  constructor(expected: () => ExpectedTensor) {
    this.#expected = expected;
  }

  /** @returns the tensor when this frame completes it @throws RefusedError when the frame does not fit */
  add(frame: TensorFrame__Output): ReceivedTensor | undefined {
    if (frame.part === 'header' && frame.header) return this.#start(frame.header);
    if (frame.part === 'data' && frame.data) return this.#append(frame.data);
    throw new RefusedError('INVALID_ARGUMENT', 'a frame without a header or data');
  }

  #start(header: TensorHeader__Output): ReceivedTensor | undefined {
    if (this.#header !== undefined) {
      throw new RefusedError(
        'INVALID_ARGUMENT',
        `a header came while ${this.#bytes.length - this.#filled} bytes of the tensor before it were missing`,
      );
    }
    const expected = this.#expected();
    checkHeader(header, expected);
    this.#header = header;
    this.#bytes = new Uint8Array(expected.shape.reduce((a, b) => a * b, BYTES_PER_VALUE));
    this.#filled = 0;
    return undefined;
  }

  #append(data: Uint8Array): ReceivedTensor | undefined {
    const header = this.#header;
    if (header === undefined) throw new RefusedError('INVALID_ARGUMENT', 'data came before its header');
    if (data.length === 0) throw new RefusedError('INVALID_ARGUMENT', 'an empty data message');
    if (data.length > this.#bytes.length - this.#filled) {
      throw new RefusedError(
        'INVALID_ARGUMENT',
        `${this.#filled + data.length} bytes came for a tensor of ${this.#bytes.length}`,
      );
    }
    this.#bytes.set(data, this.#filled);
    this.#filled += data.length;
    if (this.#filled < this.#bytes.length) return undefined;
    this.#header = undefined;
    return { header, data: new Float32Array(this.#bytes.buffer) };
  }
}
