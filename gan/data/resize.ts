/** Resizes many small images of equal size: a call of sharp for each would take minutes for MNIST. */

/** Images in one sheet, side by side, then in rows: large enough that a call costs little, small enough for memory. */
const COLUMNS = 25;
const ROWS = 40;

/**
 * Grey square images, [count, side, side] → [count, size, size]. Every image is framed by its own border pixels
 * before its sheet is resized, so that neighbours do not bleed into it.
 */
export async function resizeGrey(images: Uint8Array, side: number, size: number): Promise<Uint8Array> {
  // Every worker loads this file, few resize anything.
  const { default: sharp } = await import('sharp');
  const count = images.length / (side * side);
  const frame = frameFor(side, size);
  const result = new Uint8Array(count * size * size);
  for (let first = 0; first < count; first += COLUMNS * ROWS) {
    const next = Math.min(count, first + COLUMNS * ROWS);
    const sheet = layOut(images.subarray(first * side * side, next * side * side), side, frame);
    const cell = ((side + 2 * frame) * size) / side;
    const resized = await sharp(sheet.pixels, { raw: { width: sheet.width, height: sheet.height, channels: 1 } })
      .resize(COLUMNS * cell, ROWS * cell, { fit: 'fill', kernel: 'lanczos3' })
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    const inner = (frame * size) / side;
    for (let i = 0; i < next - first; i += 1) {
      const corner = (Math.floor(i / COLUMNS) * cell + inner) * COLUMNS * cell + (i % COLUMNS) * cell + inner;
      for (let y = 0; y < size; y += 1) {
        const from = corner + y * COLUMNS * cell;
        result.set(resized.subarray(from, from + size), ((first + i) * size + y) * size);
      }
    }
  }
  return result;
}

/** One grey picture of all images, framed; places without an image stay black. */
function layOut(
  images: Uint8Array,
  side: number,
  frame: number,
): { pixels: Uint8Array; width: number; height: number } {
  const cell = side + 2 * frame;
  const width = COLUMNS * cell;
  const height = ROWS * cell;
  const pixels = new Uint8Array(width * height);
  const clamp = (at: number) => Math.min(side - 1, Math.max(0, at - frame));
  for (let i = 0; i < images.length / (side * side); i += 1) {
    const corner = Math.floor(i / COLUMNS) * cell * width + (i % COLUMNS) * cell;
    for (let y = 0; y < cell; y += 1) {
      const from = (i * side + clamp(y)) * side;
      for (let x = 0; x < cell; x += 1) pixels[corner + y * width + x] = images[from + clamp(x)] as number;
    }
  }
  return { pixels, width, height };
}

/** Pixels of frame: as many as Lanczos (3 px, more when shrinking) reaches, and still a whole number after resizing. */
function frameFor(side: number, size: number): number {
  let frame = Math.ceil(3 * Math.max(1, side / size));
  while ((frame * size) % side !== 0) frame += 1;
  return frame;
}
