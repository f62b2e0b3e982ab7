/** Sample grids as PNG: one band a generator, so that two generators can be compared at a glance. */
import { type Band, bandColour } from './bands.js';
import { Canvas } from './canvas.js';
import { pixelByte } from './pixel-byte.js';
import { ADVANCE, LINE_HEIGHT } from './pixel-font.js';
import { scatterPlot } from './scatter-plot.js';

export { type Band, BAND_COLOURS } from './bands.js';

export interface SampleGridOptions {
  bands: readonly Band[];
  /** Shape of one sample: [height, width, 1 or 3], or [2] for points. */
  shape: readonly number[];
  /** Images in a row; 16 when absent. */
  columns?: number;
  /** Points: centres of the modes that the data has, where they are known. */
  centres?: readonly (readonly [number, number])[];
  /** Points: half the side of the square that is shown; from the centres, or from the points, when absent. */
  limit?: number;
}

const COLUMNS = 16;
/** All in px of the finished picture. */
const GAP = 2;
const MARGIN = 12;
const BAND_GAP = 16;
/** A bar in its generator's colour at the left of a band. */
const BAR = 6;
const TITLE_SCALE = 2;
const TITLE = LINE_HEIGHT * TITLE_SCALE + 6;
/** Small digits are hard to see: samples are enlarged, pixel by pixel, to at least this. */
const LEAST_SIDE = 56;
const PAPER = '#f4f4f5';

/** @returns a PNG; points become a scatter plot */
export async function sampleGrid({
  bands,
  shape,
  columns = COLUMNS,
  centres,
  limit,
}: SampleGridOptions): Promise<Buffer> {
  if (shape.length === 1) return scatterPlot(bands, centres, limit);
  const [height = 1, width = 1, channels = 1] = shape;
  const scale = Math.max(1, Math.ceil(LEAST_SIDE / width));
  const across = Math.max(1, Math.min(columns, Math.max(0, ...bands.map((band) => band.count))));
  const step = { x: width * scale + GAP, y: height * scale + GAP };
  const rowsOf = (band: Band) => Math.ceil(band.count / across);
  const bandHeight = (band: Band) => TITLE + Math.max(0, rowsOf(band) * step.y - GAP);
  const left = MARGIN + BAR + 2 * GAP;
  const titles = bands.map((band) => band.title.length * ADVANCE * TITLE_SCALE);
  const canvas = new Canvas(
    left + Math.max(across * step.x - GAP, ...titles) + MARGIN,
    2 * MARGIN + bands.reduce((sum, band) => sum + bandHeight(band) + BAND_GAP, -BAND_GAP),
    PAPER,
  );
  let top = MARGIN;
  for (const [index, band] of bands.entries()) {
    canvas.fill(MARGIN, top, BAR, bandHeight(band), bandColour(index));
    canvas.text(left, top, band.title, bandColour(index), TITLE_SCALE);
    for (let sample = 0; sample < band.count; sample += 1) {
      const x = left + (sample % across) * step.x;
      const y = top + TITLE + Math.floor(sample / across) * step.y;
      drawSample(canvas, band.samples, sample, { x, y, width, height, channels, scale });
    }
    top += bandHeight(band) + BAND_GAP;
  }
  return canvas.png();
}

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
  channels: number;
  scale: number;
}

function drawSample(canvas: Canvas, samples: Band['samples'], index: number, place: Place): void {
  const { x, y, width, height, channels, scale } = place;
  const start = index * width * height * channels;
  const colour = (pixel: number, channel: number) =>
    byteOf(samples, start + pixel * channels + (channels === 3 ? channel : 0));
  for (let row = 0; row < height * scale; row += 1) {
    for (let column = 0; column < width * scale; column += 1) {
      const pixel = Math.floor(row / scale) * width + Math.floor(column / scale);
      canvas.set(x + column, y + row, colour(pixel, 0), colour(pixel, 1), colour(pixel, 2));
    }
  }
}

/** Black where a value is missing. */
function byteOf(samples: Band['samples'], at: number): number {
  const value = samples[at] ?? 0;
  return samples instanceof Float32Array ? pixelByte(value) : value;
}
