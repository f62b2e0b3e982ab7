/**
 * CPU threads of each role's engine, where all workers share one machine. They belong to a run's identity: another
 * number of threads sums in another order and gives other bits.
 *
 * The discriminator and the generators wait for each other by turns, so the discriminator gets all cores, and the
 * generators, who run at the same time, divide them (docs/adr/0005).
 */
export function threadsOf(role: string, cores: number, generators: number): number {
  return role === 'discriminator' ? cores : Math.max(1, Math.floor(cores / generators));
}
