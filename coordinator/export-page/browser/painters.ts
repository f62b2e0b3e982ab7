/** How samples of a run get onto a canvas. */
import type { About } from '../about.js';
import type { Painter } from './canvas.js';
import { paintImages } from './images.js';
import { paintPoints } from './points.js';

export function painterOf({ shape, centres }: About): Painter {
  if (shape.length === 1) return (canvas, what) => paintPoints(canvas, what, centres);
  return (canvas, what) => paintImages(canvas, what, shape);
}
