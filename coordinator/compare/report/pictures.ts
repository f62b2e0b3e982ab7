/** The last sample grid of the first seed of every system, small enough for all of them to fit on the page. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { runPaths } from '../paths.js';
import type { RunRow } from '../results/results.js';
import type { Picture } from './blocks.js';

/** Of all pictures together; base64 makes a third more of it. */
const BUDGET_BYTES = 2.6e6;
/** px; the first at which everything fits is taken. */
const WIDTHS = [720, 560, 420, 320, 240, 160];

/** @returns by name of the run; runs without a grid are left out */
export async function sampleGrids(out: string, rows: readonly RunRow[]): Promise<Map<string, Picture>> {
  const chosen = firstOfEach(rows).flatMap((row) => {
    const file = newestGrid(runPaths(out, row).folder);
    return file === undefined ? [] : [{ row, file }];
  });
  for (const width of WIDTHS) {
    const images = await Promise.all(chosen.map(({ file }) => shrunk(file, width)));
    const bytes = images.reduce((sum, image) => sum + image.length, 0);
    if (bytes > BUDGET_BYTES && width !== WIDTHS.at(-1)) continue;
    return new Map(chosen.map(({ row }, i) => [row.name, pictureOf(row, images[i] as Buffer)]));
  }
  return new Map();
}

/** Of every system, data set and setting the first run that has come somewhere. */
function firstOfEach(rows: readonly RunRow[]): RunRow[] {
  const first = new Map<string, RunRow>();
  for (const row of rows) {
    const key = [row.data, row.setting, row.system].join('\n');
    const known = first.get(key);
    if (known === undefined || (known.state !== 'finished' && row.state === 'finished')) first.set(key, row);
  }
  return [...first.values()];
}

function newestGrid(folder: string): string | undefined {
  const samples = join(folder, 'samples');
  if (!existsSync(samples)) return undefined;
  const [newest] = readdirSync(samples)
    .filter((name) => /^step-\d+\.png$/.test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return newest === undefined ? undefined : join(samples, newest);
}

function shrunk(file: string, width: number): Promise<Buffer> {
  return sharp(file)
    .resize({ width, withoutEnlargement: true })
    .png({ palette: true, colours: 64, compressionLevel: 9, effort: 7 })
    .toBuffer();
}

function pictureOf({ data, system, setting, seed, summary, state }: RunRow, image: Buffer): Picture {
  const label = `${system}${setting === '' ? '' : `, setting ${setting}`}, seed ${seed}`;
  const step = summary === undefined ? '' : `, step ${summary.step}`;
  return {
    kind: 'picture',
    caption: `${label}${step}${state === 'finished' ? '' : ` (${state})`}`,
    alt: `Samples of every generator of ${label} on ${data}${step}.`,
    content: { data: `data:image/png;base64,${image.toString('base64')}` },
  };
}
