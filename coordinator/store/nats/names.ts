/** What a run is called in NATS. */
import { UsageError } from '../../../common/errors.js';

/** The key-value bucket of all runs: a key a run. */
export const BUCKET = 'duet';

/** Characters that are safe in a stream's name, a subject's token and a key. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws UsageError when a run of this id cannot be in NATS */
export function assertId(id: string): void {
  if (ID.test(id)) return;
  throw new UsageError(
    `a run in NATS cannot be called ${JSON.stringify(id)}: choose an --out whose last name has only letters, digits, - and _, at most 64 of them`,
  );
}

/** Of its stream of events, and of its bucket of objects. */
export function streamOf(id: string): string {
  return `duet-${id}`;
}

/** The stream that NATS keeps a bucket of objects in. */
export function objectStreamOf(id: string): string {
  return `OBJ_${streamOf(id)}`;
}

/** duet.ID.events.run-started */
export function subjectOf(id: string, ...rest: string[]): string {
  return ['duet', id, ...rest].join('.');
}
