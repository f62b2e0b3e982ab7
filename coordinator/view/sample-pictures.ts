/** The sample grids of a run: samples/step-000500.png. */
import { readdir } from 'node:fs/promises';
import type { RunDirectory } from '../run/directory.js';

const NAME = /^step-(\d{6,15})\.png$/;

/** The file's path; undefined: that is not the name of a sample grid, and no file is looked for. */
export function samplePicture(directory: RunDirectory, name: string): string | undefined {
  return NAME.test(name) ? directory.file('samples', name) : undefined;
}

/** Steps of which there is a picture, ascending; none where the folder is missing. */
export async function sampleSteps(directory: RunDirectory): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(directory.file('samples'));
  } catch {
    return [];
  }
  const steps = names.flatMap((name) => {
    const [, step] = NAME.exec(name) ?? [];
    return step === undefined ? [] : [Number(step)];
  });
  return steps.sort((a, b) => a - b);
}
