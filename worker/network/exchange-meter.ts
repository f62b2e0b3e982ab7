/** What crosses an exchange, measured at either end. */
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';

/** Told of every tensor: its payload, and how long it took from its first message to its last. */
export type ExchangeMeter = (direction: 'sent' | 'received', bytes: number, milliseconds: number) => void;

/** Writes all of it; it counts as sent once the connection has taken the last message. */
export function writeTensor(
  stream: { write(frame: TensorFrame, done: () => void): unknown } | undefined,
  frames: Iterable<TensorFrame>,
  bytes: number,
  exchanged: ExchangeMeter,
): void {
  const began = performance.now();
  const all = [...frames];
  for (const [i, frame] of all.entries()) {
    const last = i === all.length - 1;
    stream?.write(frame, () => last && exchanged('sent', bytes, performance.now() - began));
  }
}
