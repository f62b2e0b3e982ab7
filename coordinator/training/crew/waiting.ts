/** What the coordinator waits for before training can begin or go on, in words. */

/**
 * @param roles all of them
 * @param vacant those without a worker
 * @param ready those that can begin
 */
export function whyWaiting(roles: readonly string[], vacant: readonly string[], ready: ReadonlySet<string>): string {
  if (vacant.length > 0) return `waiting for ${vacant.length} of ${roles.length} workers (${vacant.join(', ')})`;
  const busy = roles.filter((role) => !ready.has(role));
  return busy.length === 0 ? '' : `waiting until ${busy.join(', ')} can begin`;
}
