/** An exported page in a browser: what it shows, as numbers. Its scripts run in the browser; their types are not this project's. */
import assert from 'node:assert/strict';
import { coordinator } from '../runs/run.js';
import { type Page, holds } from './browser.js';

/** `coordinator export --page`. @returns what it printed */
export async function exportPage(run: string, ...args: string[]): Promise<string> {
  await using command = coordinator(['export', '--run', run, '--page', ...args]);
  const { code, stdout, stderr } = await command.ended;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Waits until everything that was asked for is drawn. */
export async function drawn(page: Page): Promise<void> {
  await holds(page, `document.getElementById('bands').getAttribute('aria-busy') === 'false'`);
}

/** Moves the slider as a drag does, one event a position, and does not wait. @param positions 0 to 1 */
export async function drag(page: Page, ...positions: number[]): Promise<void> {
  await page.evaluate(`(() => {
    const slider = document.getElementById('at');
    for (const at of ${JSON.stringify(positions)}) {
      slider.value = Math.round(at * slider.max);
      slider.dispatchEvent(new Event('input'));
    }
  })()`);
}

/** The pixels of a generator's samples as they are on its canvas, [count, height, width, 3], 0 to 255. */
export async function pixelsOf(page: Page, role: string, count: number, side: number): Promise<number[]> {
  return await page.evaluate<number[]>(`(() => {
    const canvas = document.getElementById('${role}');
    const { columns, scale } = canvas.dataset;
    const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const step = (canvas.width + 2) / columns;
    const pixels = [];
    for (let sample = 0; sample < ${count}; sample += 1) {
      const [left, top] = [(sample % columns) * step, Math.floor(sample / columns) * step];
      for (let pixel = 0; pixel < ${side * side}; pixel += 1) {
        // The last of a pixel's square.
        const x = left + (pixel % ${side}) * scale + (scale - 1);
        const y = top + Math.floor(pixel / ${side}) * scale + (scale - 1);
        pixels.push(...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3));
      }
    }
    return pixels;
  })()`);
}

/** Where a scatter plot has ink, and how it is scaled. */
export interface Plot {
  side: number;
  /** Half of the side, in the data's units. */
  reach: number;
  /** Numbers of the pixels, row by row. */
  inked: number[];
}

export async function plotOf(page: Page, role: string): Promise<Plot> {
  return await page.evaluate<Plot>(`(() => {
    const canvas = document.getElementById('${role}');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const inked = [];
    for (let pixel = 0; pixel < data.length / 4; pixel += 1) if (data[pixel * 4 + 3] > 0) inked.push(pixel);
    return { side: canvas.width, reach: Number(canvas.dataset.reach), inked };
  })()`);
}
