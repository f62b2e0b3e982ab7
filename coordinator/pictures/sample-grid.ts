/** Sample grids as PNG: one band a generator, so that two generators can be compared at a glance. */
import sharp from 'sharp';
import { scatterPlot } from './scatter-plot.js';

export interface Band {
  title: string;
  /** [count, ...shape]: bytes 0 to 255 for images; float32 for points, and for images in [-1, 1]. */
  samples: Float32Array | Uint8Array;
  count: number;
}

export interface SampleGridOptions {
  bands: readonly Band[];
  /** Shape of one sample. */
  shape: readonly number[];
  /** Centres of the modes that the data has, where they are known. */
  centres?: readonly (readonly [number, number])[];
}

const COLUMNS = 16;
const GAP = 1;
const MARGIN = 6;
/** One colour a generator: its bar at the left of its band. */
export const BAND_COLOURS = ['#2563eb', '#d97706', '#059669', '#c026d3', '#dc2626', '#0891b2', '#65a30d', '#7c3aed'];
const BAR = 5;
/** Small digits are hard to see. */
const LEAST_SIDE = 56;
const PAPER = { r: 244, g: 244, b: 245 };

export async function sampleGrid({ bands, shape, centres }: SampleGridOptions): Promise<Buffer> {
  if (shape.length === 1) return scatterPlot(bands, centres);
  const [height = 0, width = 0, channels = 1] = shape;
  const columns = Math.min(COLUMNS, Math.max(...bands.map((band) => band.count)));
  const rows = bands.map((band) => Math.ceil(band.count / columns));
  const canvasWidth = 2 * MARGIN + BAR + columns * (width + GAP);
  const bandHeights = rows.map((count) => count * (height + GAP) + MARGIN);
  const canvasHeight = MARGIN + bandHeights.reduce((a, b) => a + b, 0);
  const canvas = new Uint8Array(canvasWidth * canvasHeight * 3);
  for (let i = 0; i < canvas.length; i += 3) canvas.set([PAPER.r, PAPER.g, PAPER.b], i);
  let top = MARGIN;
  for (const [index, band] of bands.entries()) {
    const bandHeight = (bandHeights[index] ?? 0) - MARGIN;
    fillBar(canvas, canvasWidth, top, bandHeight, BAND_COLOURS[index % BAND_COLOURS.length] as string);
    for (let sample = 0; sample < band.count; sample += 1) {
      const x = MARGIN + BAR + GAP + (sample % columns) * (width + GAP);
      const y = top + Math.floor(sample / columns) * (height + GAP);
      drawSample(canvas, canvasWidth, band.samples, sample, { x, y, width, height, channels });
    }
    top += bandHeight + MARGIN;
  }
  const scale = Math.max(1, Math.ceil(LEAST_SIDE / width));
  return sharp(canvas, { raw: { width: canvasWidth, height: canvasHeight, channels: 3 } })
    .resize(canvasWidth * scale, canvasHeight * scale, { kernel: 'nearest' })
    .png({ compressionLevel: 9, palette: channels === 1 })
    .toBuffer();
}

function fillBar(canvas: Uint8Array, canvasWidth: number, top: number, height: number, colour: string): void {
  const rgb = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  for (let y = top; y < top + height; y += 1) {
    for (let x = MARGIN - 2; x < MARGIN - 2 + BAR - 1; x += 1) canvas.set(rgb, (y * canvasWidth + x) * 3);
  }
}

interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
  channels: number;
}

function drawSample(canvas: Uint8Array, canvasWidth: number, samples: Band['samples'], index: number, place: Place): void {
  const { x, y, width, height, channels } = place;
  const start = index * width * height * channels;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const at = ((y + Math.floor(pixel / width)) * canvasWidth + x + (pixel % width)) * 3;
    for (let colour = 0; colour < 3; colour += 1) {
      const value = samples[start + pixel * channels + (channels === 3 ? colour : 0)] ?? 0;
      canvas[at + colour] = samples instanceof Float32Array ? Math.min(255, Math.max(0, (value + 1) * 127.5)) : value;
    }
  }
}
