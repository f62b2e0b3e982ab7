/** The colours of series, from the style sheet: so that they follow light and dark. */

/** As many as the pictures of samples have; a further generator has the colour of one of them and another dash. */
const GENERATORS = 8;

/** @param name d, x, average, floor, g1, g2, ... @returns a CSS variable */
export function variableOf(name: string): string {
  const generator = /^g(\d+)$/.exec(name)?.[1];
  return `--${generator === undefined ? name : `g${((Number(generator) - 1) % GENERATORS) + 1}`}`;
}

/** Lines that colour alone might not tell apart. */
export function dashOf(name: string): number[] {
  if (name === 'average') return [7, 4];
  if (name === 'floor') return [2, 3];
  const generator = Number(/^g(\d+)$/.exec(name)?.[1] ?? 0);
  if (generator <= 2) return [];
  return (
    [
      [9, 3],
      [4, 3],
      [9, 3, 2, 3],
      [1.5, 3],
    ][(generator - 3) % 4] ?? []
  );
}

export function colour(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

/** Calls back when the page goes from light to dark, or back. */
export function onThemeChange(change: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', change);
}
