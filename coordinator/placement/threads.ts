/**
 * CPU threads of each role's engine. They belong to a run's identity: another number of threads sums in another
 * order and gives other bits.
 *
 * The discriminator is busy while the generators wait for it, so what does not divide evenly goes to it.
 */
export function threadsOf(role: string, cores: number, workers: number): number {
  const share = Math.max(1, Math.floor(cores / workers));
  return role === 'discriminator' ? Math.max(share, cores - share * (workers - 1)) : share;
}
