/** Points of a 2-D generator as a scatter plot, with the modes that the data has as rings. */
import { colour } from '../../page/browser/colours.js';
import { count as written } from '../../page/browser/format.js';
import { type Paintable, sizedContext } from './canvas.js';

/** Side of the plot at most, px. */
const MOST_SIDE = 560;
/** Room around the outermost mode, as in the sample pictures of the run. */
const ROOM = 1.25;
const DOT = 1.6;
const RING = 9;

/** Points outside the square, or not finite, are not drawn: the answer counts them. */
export function paintPoints(
  canvas: HTMLCanvasElement,
  { samples, count, colour: variable, room }: Paintable,
  centres: readonly (readonly [number, number])[],
): string {
  const density = devicePixelRatio;
  const side = Math.min(room, MOST_SIDE);
  const pixels = Math.floor(side * density);
  const context = sizedContext(canvas, pixels, pixels, side);
  const reach = centres.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6) * ROOM;
  canvas.dataset['reach'] = String(reach);
  const x = (value: number) => (side / 2) * (1 + value / reach);
  const y = (value: number) => (side / 2) * (1 - value / reach);
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, side, side);
  context.strokeStyle = colour('--soft');
  for (const [a, b] of centres) circle(context, x(a), y(b), RING, 'stroke');
  context.fillStyle = colour(variable);
  context.globalAlpha = 0.6;
  let drawn = 0;
  for (let i = 0; i < count; i += 1) {
    const [a, b] = [samples[2 * i] as number, samples[2 * i + 1] as number];
    if (!(Math.abs(a) <= reach && Math.abs(b) <= reach)) continue;
    circle(context, x(a), y(b), DOT, 'fill');
    drawn += 1;
  }
  context.globalAlpha = 1;
  return drawn === count ? '' : `${written(count - drawn)} of ${written(count)} outside the plot`;
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number, how: 'fill' | 'stroke'): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context[how]();
}
