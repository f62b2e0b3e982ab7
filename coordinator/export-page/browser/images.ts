/** Images as a grid, in the order of the latents, row by row. */
import { pixelByte } from '../../pictures/pixel-byte.js';
import { gridLayout } from '../grid-layout.js';
import { type Paintable, sizedContext } from './canvas.js';

export function paintImages(
  canvas: HTMLCanvasElement,
  { samples, count, room }: Paintable,
  shape: readonly number[],
): string {
  const [height = 1, width = 1, channels = 1] = shape;
  const layout = gridLayout({ count, shape, room, density: devicePixelRatio });
  const { columns, scale, gap } = layout;
  const context = sizedContext(canvas, layout.width, layout.height, room);
  canvas.dataset['columns'] = String(columns);
  canvas.dataset['scale'] = String(scale);
  const picture = new ImageData(layout.width, layout.height);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let sample = 0; sample < count; sample += 1) {
    const left = (sample % columns) * (width * scale + gap);
    const top = Math.floor(sample / columns) * (height * scale + gap);
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const at = (sample * width * height + pixel) * channels;
      const colour = channels === 3 ? rgb(samples, at, 1) : rgb(samples, at, 0);
      const x = left + (pixel % width) * scale;
      const y = top + Math.floor(pixel / width) * scale;
      for (let row = 0; row < scale; row += 1) {
        const start = (y + row) * layout.width + x;
        pixels.fill(colour, start, start + scale);
      }
    }
  }
  context.putImageData(picture, 0, 0);
  return '';
}

/** Opaque, as the four bytes of a pixel lie in memory (little-endian, as all machines with a browser are). */
function rgb(samples: Float32Array, at: number, next: 0 | 1): number {
  const byte = (channel: number) => pixelByte(samples[at + channel * next] as number);
  return ((255 << 24) | (byte(2) << 16) | (byte(1) << 8) | byte(0)) >>> 0;
}
