/** Where the samples of a band lie on its canvas, all in px of the canvas. */
export interface GridLayout {
  columns: number;
  /** A pixel of a sample is a square of this side. */
  scale: number;
  gap: number;
  width: number;
  height: number;
}

const GAP = 2;
/** Powers of 2, as the counts of samples are: no row is left with a hole. */
const MOST_COLUMNS = 16;
/** Of a sample, in CSS px: smaller ones cannot be made out. */
const LEAST_SIDE = 36;
/** As many beside each other as are still looked at one by one, unless there is room for larger ones. */
const USUAL_COLUMNS = 8;
const LARGE_SIDE = 56;

export interface GridOptions {
  count: number;
  /** [height, width, channels] of a sample */
  shape: readonly number[];
  /** Room there is, in CSS px. */
  room: number;
  /** Pixels of the screen in a CSS px. */
  density: number;
}

/**
 * As many columns as samples can still be made out in. The canvas is at least as wide as the screen shows it, and samples are
 * enlarged by a whole number: the browser then shrinks it by less than one pixel of a sample, and all of them look alike.
 */
export function gridLayout({ count, shape, room, density }: GridOptions): GridLayout {
  const [height = 1, width = 1] = shape;
  const least = (columns: number) => Math.max(columns > USUAL_COLUMNS ? LARGE_SIDE : LEAST_SIDE, width / density);
  let columns = Math.min(MOST_COLUMNS, count);
  while (columns > 1 && room / columns < least(columns)) columns = Math.ceil(columns / 2);
  const scale = Math.max(1, Math.ceil(((room * density + GAP) / columns - GAP) / width));
  const rows = Math.ceil(count / columns);
  return {
    columns,
    scale,
    gap: GAP,
    width: columns * (width * scale + GAP) - GAP,
    height: rows * (height * scale + GAP) - GAP,
  };
}
