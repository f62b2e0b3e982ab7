/** `npm run fuzz -- --runs N --seed S`: a million malformed inputs, or as many as asked for. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { UsageError } from '../../common/errors.js';
import { runCommand } from '../../common/process/run-command.js';
import { fuzz, sum } from './fuzz.js';
import type { Outcomes } from './target.js';

/** Some inputs are valid after all; of so many more than a million are not. */
const RUNS = '1300000';
const MOST_SEED = 2 ** 31 - 1;

const listed = (counts: Outcomes) =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= MOST_SEED) return value;
  throw new UsageError(`--${flag} ${text} is not possible: expected a whole number from ${least} to ${MOST_SEED}`);
}

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: RUNS },
      seed: { type: 'string', default: String(randomInt(MOST_SEED)) },
    },
  });
  const [runs, seed] = [wholeNumber('runs', values.runs, 1), wholeNumber('seed', values.seed, 0)];
  process.stdout.write(`seed ${seed}\n`);
  const { inputs, outcomes, seconds, peak } = await fuzz({
    runs,
    seed,
    done: (target, found, took) =>
      void process.stdout.write(`${target}: ${sum(found)} inputs in ${took.toFixed(1)} s: ${listed(found)}\n`),
  });
  const refused = new Map([...outcomes].filter(([outcome]) => outcome !== 'taken'));
  process.stdout.write(
    `${sum(inputs)} inputs (${listed(inputs)}), ${sum(refused)} of them refused (${listed(refused)}) in ${Math.round(seconds)} s, ` +
      `peak memory ${Math.round(peak / 2 ** 20)} MiB, seed ${seed}\n`,
  );
  return 0;
});
