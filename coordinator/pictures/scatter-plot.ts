/** Points of 2-D generators as a PNG: one panel a generator, at most 16 beside each other, the data's modes as rings. */
import sharp from 'sharp';
import { type Band, bandColour } from './bands.js';
import { ADVANCE, LINE_HEIGHT, textPixels } from './pixel-font.js';

/** Side of a panel, px. */
const PANEL = 360;
/** Above a panel, for its title. */
const HEADER = 26;
/** Panels in a row: what is wider than 32,767 px is not drawn at all. */
const ACROSS = 16;
const TITLE_SCALE = 2;
const PADDING = 12;
/** Room around the outermost mode or point. */
const ROOM = 1.25;

type Centres = readonly (readonly [number, number])[];

/** @param limit half the side of the square that is shown: all modes, or all points where no modes are known, when absent */
export async function scatterPlot(bands: readonly Band[], centres: Centres = [], limit?: number): Promise<Buffer> {
  const reach = limit ?? reachOf(bands, centres);
  const panels = bands.map((band, index) => panel(band, index, reach, centres));
  const across = Math.max(1, Math.min(bands.length, ACROSS));
  const down = Math.max(1, Math.ceil(bands.length / ACROSS));
  const size = `width="${across * PANEL}" height="${down * (HEADER + PANEL)}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="100%" height="100%" fill="#ffffff"/>${panels.join('')}</svg>`;
  return sharp(Buffer.from(svg), { unlimited: true }).png({ palette: true }).toBuffer();
}

function reachOf(bands: readonly Band[], centres: Centres): number {
  let reach = 1e-6;
  for (const values of centres.length > 0 ? centres : bands.map(({ samples }) => samples)) {
    for (const value of values) if (Number.isFinite(value)) reach = Math.max(reach, Math.abs(value));
  }
  return reach * ROOM;
}

/** Points outside the square, or not finite, are not drawn: the title counts them. */
function panel(band: Band, index: number, reach: number, centres: Centres): string {
  const colour = bandColour(index);
  const scale = (value: number) => (value / reach) * (PANEL / 2 - PADDING);
  const [column, row] = [(index % ACROSS) * PANEL, Math.floor(index / ACROSS) * (HEADER + PANEL)];
  const x = (value: number) => (column + PANEL / 2 + scale(value)).toFixed(1);
  const y = (value: number) => (row + HEADER + PANEL / 2 - scale(value)).toFixed(1);
  const rings = centres.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="8" fill="none" stroke="#a1a1aa"/>`);
  const dots: string[] = [];
  for (let i = 0; i < band.count; i += 1) {
    const [a = NaN, b = NaN] = [band.samples[i * 2], band.samples[i * 2 + 1]];
    if (!(Math.abs(a) <= reach && Math.abs(b) <= reach)) continue;
    dots.push(`<circle cx="${x(a)}" cy="${y(b)}" r="2" fill="${colour}" fill-opacity="0.6"/>`);
  }
  const left = column + 4;
  const outside = band.count - dots.length;
  const heading = outside === 0 ? band.title : `${band.title} - ${outside} outside`;
  const frame = `<rect x="${left}" y="${row + HEADER + 4}" width="${PANEL - 8}" height="${PANEL - 8}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  return frame + title(heading, left, row, colour) + rings.join('') + dots.join('');
}

function title(text: string, left: number, row: number, colour: string): string {
  const fitting = text.slice(0, Math.floor((PANEL - 8) / (ADVANCE * TITLE_SCALE)));
  const top = row + (HEADER - LINE_HEIGHT * TITLE_SCALE) / 2;
  const squares = textPixels(fitting).map(
    ([x, y]) => `M${left + x * TITLE_SCALE} ${top + y * TITLE_SCALE}h${TITLE_SCALE}v${TITLE_SCALE}h-${TITLE_SCALE}z`,
  );
  return `<path d="${squares.join('')}" fill="${colour}"/>`;
}
