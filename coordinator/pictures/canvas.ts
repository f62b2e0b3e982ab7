/** A small RGB picture in memory. What falls outside is not drawn. */
import sharp from 'sharp';
import { textPixels } from './pixel-font.js';

export class Canvas {
  readonly #width: number;
  readonly #height: number;
  readonly #pixels: Uint8Array;

  /** @param paper colour, '#rrggbb' */
  constructor(width: number, height: number, paper: string) {
    this.#width = width;
    this.#height = height;
    this.#pixels = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, paper);
  }

  set(x: number, y: number, red: number, green: number, blue: number): void {
    if (x < 0 || y < 0 || x >= this.#width || y >= this.#height) return;
    const at = (y * this.#width + x) * 3;
    this.#pixels[at] = red;
    this.#pixels[at + 1] = green;
    this.#pixels[at + 2] = blue;
  }

  fill(left: number, top: number, width: number, height: number, colour: string): void {
    const [red, green, blue] = rgb(colour);
    for (let y = top; y < top + height; y += 1) {
      for (let x = left; x < left + width; x += 1) this.set(x, y, red, green, blue);
    }
  }

  /** One line in the pixel font; [left, top] is its upper left corner, a pixel of the font `scale` px wide. */
  text(left: number, top: number, text: string, colour: string, scale = 1): void {
    for (const [x, y] of textPixels(text)) this.fill(left + x * scale, top + y * scale, scale, scale, colour);
  }

  async png(): Promise<Buffer> {
    const raw = { width: this.#width, height: this.#height, channels: 3 } as const;
    return sharp(this.#pixels, { raw }).png({ compressionLevel: 9 }).toBuffer();
  }
}

function rgb(colour: string): [number, number, number] {
  const part = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}
