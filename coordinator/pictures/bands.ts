/** What a picture of samples is made from, and how its generators are told apart. */
export interface Band {
  /** Drawn above the samples, e.g. 'generator-1'. */
  title: string;
  /** [count, ...shape]: bytes 0 to 255 for images; float32 for points, and for images in [-1, 1]. */
  samples: Float32Array | Uint8Array;
  count: number;
}

/** One colour a generator. */
export const BAND_COLOURS = ['#2563eb', '#d97706', '#059669', '#c026d3', '#dc2626', '#0891b2', '#65a30d', '#7c3aed'];

export function bandColour(index: number): string {
  return BAND_COLOURS[index % BAND_COLOURS.length] as string;
}
