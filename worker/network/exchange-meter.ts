/** What crosses an exchange, measured at either end. */
import { type TensorEdge, tensorCrosses } from '../../common/observation.js';
import type { ReceivedTensor } from '../../common/tensors/tensor-stream.js';
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { TensorHeader } from '../../proto/generated/duet/v1/TensorHeader.js';

/** Told of every tensor: its payload, and how long it took from its first message to its last. */
export type ExchangeMeter = (direction: 'sent' | 'received', bytes: number, milliseconds: number) => void;

/** A generator's exchange, 1 to N, and who is told of what crosses it. */
export interface Metered {
  generator: number;
  exchanged: ExchangeMeter;
}

/** Writes all of it; it counts as sent once the connection has taken the last message. */
export function writeTensor(
  stream: { write(frame: TensorFrame, done: () => void): unknown } | undefined,
  frames: Iterable<TensorFrame>,
  bytes: number,
  { generator, exchanged }: Metered,
): void {
  const began = performance.now();
  const all = [...frames];
  const header = all[0]?.header ?? {};
  observe('sent', 'first', generator, header);
  for (const [i, frame] of all.entries()) {
    const last = i === all.length - 1;
    stream?.write(frame, () => {
      if (!last) return;
      exchanged('sent', bytes, performance.now() - began);
      observe('sent', 'last', generator, header);
    });
  }
}

/** Measures the tensors that come in on one stream. */
export class ArrivalMeter {
  readonly #metered: Metered;
  #began = 0;

  constructor(metered: Metered) {
    this.#metered = metered;
  }

  /** The first message of a tensor. */
  begins(header: TensorHeader): void {
    this.#began = performance.now();
    observe('received', 'first', this.#metered.generator, header);
  }

  /** The last one has made it whole. */
  ends({ header, data }: ReceivedTensor): void {
    const { generator, exchanged } = this.#metered;
    exchanged('received', data.byteLength, performance.now() - this.#began);
    observe('received', 'last', generator, header);
  }
}

function observe(
  direction: TensorEdge['direction'],
  edge: TensorEdge['edge'],
  generator: number,
  { epoch, step }: TensorHeader,
): void {
  if (!tensorCrosses.heard) return;
  tensorCrosses.tell({ direction, edge, generator, epoch: epoch ?? 0, step: Number(step) });
}
