/** Points of 2-D generators as a PNG: one panel a generator, the data's modes as rings. */
import sharp from 'sharp';
import { BAND_COLOURS, type Band } from './sample-grid.js';

const PANEL = 320;
const PADDING = 12;

export async function scatterPlot(bands: readonly Band[], centres: readonly (readonly [number, number])[] = []): Promise<Buffer> {
  const reach = limit(bands, centres);
  const panels = bands.map((band, index) => panel(band, index, reach, centres));
  const width = bands.length * PANEL;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${PANEL}"><rect width="100%" height="100%" fill="#ffffff"/>${panels.join('')}</svg>`;
  return sharp(Buffer.from(svg), { density: 144 }).png({ palette: true }).toBuffer();
}

/** Half the side of the square that is shown: all modes, or all points where no modes are known. */
function limit(bands: readonly Band[], centres: readonly (readonly [number, number])[]): number {
  const values = centres.length > 0 ? centres.flat() : bands.flatMap((band) => [...band.samples]);
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1e-6) * 1.25;
}

function panel(band: Band, index: number, reach: number, centres: readonly (readonly [number, number])[]): string {
  const scale = (value: number) => (value / reach) * (PANEL / 2 - PADDING);
  const x = (value: number) => (index * PANEL + PANEL / 2 + scale(value)).toFixed(1);
  const y = (value: number) => (PANEL / 2 - scale(value)).toFixed(1);
  const rings = centres.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="7" fill="none" stroke="#a1a1aa"/>`);
  const colour = BAND_COLOURS[index % BAND_COLOURS.length];
  const dots = Array.from({ length: band.count }, (_, i) => [band.samples[i * 2] ?? 0, band.samples[i * 2 + 1] ?? 0])
    .filter(([a = 0, b = 0]) => Math.abs(a) <= reach && Math.abs(b) <= reach)
    .map(([a = 0, b = 0]) => `<circle cx="${x(a)}" cy="${y(b)}" r="2" fill="${colour}" fill-opacity="0.6"/>`);
  const frame = `<rect x="${index * PANEL + 4}" y="4" width="${PANEL - 8}" height="${PANEL - 8}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  return frame + rings.join('') + dots.join('');
}
