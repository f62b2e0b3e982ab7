/** The roles of a run, discriminator first: the order in which sums are taken and bands are drawn. */
export function rolesOf(generators: number): string[] {
  return ['discriminator', ...Array.from({ length: generators }, (_, i) => `generator-${i + 1}`)];
}
