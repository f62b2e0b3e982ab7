/** Line charts with bands, drawn to SVG by Vega on the server's side: no browser, no script in the page. */
import { type LinearScale, type LogScale, type Spec, View, parse } from 'vega';
import { SERIES } from './style.js';

export interface Point {
  x: number;
  mean: number;
  low: number;
  high: number;
}

export interface Series {
  name: string;
  /** A system's number: it has its colour in every chart, whoever else is in it. */
  colour: number;
  points: readonly Point[];
}

export interface ChartOptions {
  x: string;
  y: string;
  series: readonly Series[];
  /** The value axis begins at 0 and ends here, e.g. 1 for shares; absent: at what is drawn. */
  top?: number;
  /** Whether a line that spans more than two powers of ten is drawn on a logarithmic axis. */
  mayBeLogarithmic?: boolean;
}

const WIDTH = 430;
const HEIGHT = 220;
/** One dash pattern a round of colours. */
const DASHES = [[], [6, 3], [2, 2]];

/** @returns an SVG element with the page's variables as colours */
export async function lineChart(options: ChartOptions): Promise<string> {
  const svg = await new View(parse(specOf(options)), { renderer: 'none' }).toSVG();
  // Sized by the page; the name of the format is not an address to fetch, and the page shall hold none.
  return svg
    .replace(/ xmlns(:xlink)?="[^"]*"/g, '')
    .replace(
      /<svg ([^>]*)>/,
      (_, attributes: string) => `<svg ${attributes.replace(/ ?(width|height)="[\d.]+"/g, '')}>`,
    );
}

function specOf({ x, y, series, top, mayBeLogarithmic }: ChartOptions): Spec {
  const names = series.map(({ name }) => name);
  const rows = series.flatMap(({ name, points }) => points.map((point) => ({ name, ...point })));
  const drawn = { data: 'rows', fields: ['low', 'high', 'mean'] };
  const isLogarithmic = mayBeLogarithmic === true && spansDecades(rows);
  const placed = { name: 'y', range: 'height' } as const;
  let values: LinearScale | LogScale = { ...placed, type: 'linear', domain: drawn, nice: true, zero: false };
  if (isLogarithmic) values = { ...placed, type: 'log', domain: drawn, nice: true };
  if (top !== undefined) values = { ...placed, type: 'linear', domain: [0, top] };
  const colours = series.map(({ colour }) => `var(--series-${colour % SERIES})`);
  const dashes = series.map(({ colour }) => DASHES[Math.floor(colour / SERIES) % DASHES.length] ?? []);
  const axis = {
    labelColor: 'var(--soft)',
    titleColor: 'var(--soft)',
    domainColor: 'var(--line)',
    tickColor: 'var(--line)',
    gridColor: 'var(--line)',
    gridOpacity: 0.6,
    titleFontWeight: 'normal' as const,
    labelFontSize: 12,
    titleFontSize: 12,
  };
  return {
    width: WIDTH,
    height: HEIGHT,
    padding: 6,
    config: { style: { 'guide-label': { font: 'inherit' }, 'guide-title': { font: 'inherit' } } },
    data: [{ name: 'rows', values: rows }],
    scales: [
      { name: 'x', type: 'linear', range: 'width', domain: { data: 'rows', field: 'x' }, zero: true, nice: false },
      values,
      { name: 'colour', type: 'ordinal', domain: names, range: colours },
      { name: 'dash', type: 'ordinal', domain: names, range: dashes as unknown as number[] },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: x, tickCount: 6, ...axis },
      { orient: 'left', scale: 'y', title: y, tickCount: 5, grid: true, ...axis },
    ],
    legends: [
      {
        stroke: 'colour',
        strokeDash: 'dash',
        orient: 'bottom',
        columns: 2,
        symbolType: 'stroke',
        symbolSize: 250,
        symbolStrokeWidth: 2.5,
        labelColor: 'var(--ink)',
        labelFontSize: 12,
        labelLimit: 190,
        columnPadding: 14,
      },
    ],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'line', data: 'rows', groupby: 'name' } },
        marks: [
          {
            type: 'area',
            from: { data: 'line' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'x' },
                y: { scale: 'y', field: 'low' },
                y2: { scale: 'y', field: 'high' },
                fill: { scale: 'colour', field: 'name' },
                fillOpacity: { value: 0.14 },
              },
            },
          },
          {
            type: 'line',
            from: { data: 'line' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'x' },
                y: { scale: 'y', field: 'mean' },
                stroke: { scale: 'colour', field: 'name' },
                strokeDash: { scale: 'dash', field: 'name' },
                strokeWidth: { value: 1.8 },
              },
            },
          },
        ],
      },
    ],
  };
}

function spansDecades(rows: readonly Point[]): boolean {
  const lows = rows.flatMap(({ low, mean }) => [low, mean]);
  return (
    rows.length > 0 &&
    lows.every((low) => low > 0) &&
    Math.max(...rows.map(({ high }) => high)) / Math.min(...lows) > 100
  );
}
