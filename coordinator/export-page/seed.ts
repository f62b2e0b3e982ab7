/** A seed as somebody types it. */
export type TypedSeed = { seed: number } | { problem: string };

/** The same seeds that `coordinator sample --seed` takes. */
export function typedSeed(text: string): TypedSeed {
  const typed = text.trim();
  const seed = Number(typed);
  if (/^\d+$/.test(typed) && Number.isSafeInteger(seed)) return { seed };
  const what = typed === '' ? 'A seed is missing' : `“${shortened(typed)}” is no seed`;
  return { problem: `${what}: type a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, such as 7.` };
}

function shortened(text: string): string {
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
}
