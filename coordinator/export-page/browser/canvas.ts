/** What the two ways to paint samples share. */

export interface Paintable {
  /** [count, ...shape] */
  samples: Float32Array;
  count: number;
  /** CSS variable of the generator's colour. */
  colour: string;
  /** Room there is for it, CSS px. */
  room: number;
}

/** Paints and sizes the canvas. @returns what there is to say of it; empty: nothing */
export type Painter = (canvas: HTMLCanvasElement, what: Paintable) => string;

/** A canvas of that many pixels, shown `room` CSS px wide. @throws Error when the browser draws on none */
export function sizedContext(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  room: number,
): CanvasRenderingContext2D {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${room}px`;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no canvas to draw on');
  return context;
}
