import type { RunEvent } from '../../../coordinator/run/journal/journal.js';

/** The newest event of a kind. */
export function newestOf<K extends RunEvent['event']>(
  events: readonly RunEvent[],
  kind: K,
): Extract<RunEvent, { event: K }> | undefined {
  return events.findLast((event): event is Extract<RunEvent, { event: K }> => event.event === kind);
}
