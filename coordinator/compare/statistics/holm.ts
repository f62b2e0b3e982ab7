/** Holm's step-down correction (1979): with the adjusted p-values, the chance of any false finding stays below alpha. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => (ps[a] as number) - (ps[b] as number));
  const adjusted = new Array<number>(ps.length);
  let highest = 0;
  for (const [place, index] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (ps.length - place) * (ps[index] as number)));
    adjusted[index] = highest;
  }
  return adjusted;
}
