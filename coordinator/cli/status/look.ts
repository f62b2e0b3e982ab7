/** What is known of a run in this moment: from its coordinator where that answers, from its directory in any case. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UsageError } from '../../../common/errors.js';
import { RunDirectory } from '../../run/directory.js';
import type { RunEvent, StepMetrics } from '../../run/journal/journal.js';
import type { Quality } from '../../run/journal/quality.js';
import { describeEvent } from '../../view/event-log.js';
import { parsedLine } from '../../view/journal-tail.js';
import { lastLines, readStatus, viewOf } from '../../view/read-run.js';
import { askLive } from '../../view/remote-live.js';
import type { EventLine, Look } from './status-text.js';

const RUNS = 'runs';
/** Enough for a glance. */
const EVENTS = 5;

/** @param path undefined: the run in runs/ in which something happened last @throws UsageError when there is none */
export function findRun(path: string | undefined): RunDirectory {
  if (path !== undefined) return RunDirectory.open(path);
  const found = (existsSync(RUNS) ? readdirSync(RUNS) : [])
    .map((name) => join(RUNS, name))
    .filter((folder) => existsSync(join(folder, 'config.json')))
    .map((folder) => ({ folder, changed: lastChange(folder) }))
    .sort((a, b) => b.changed - a.changed);
  const [newest] = found;
  if (newest === undefined) throw new UsageError(`there is no run in ${RUNS}/ here: name one with --run DIR`);
  return RunDirectory.open(newest.folder);
}

/** @throws UsageError when the run directory is damaged */
export async function lookAt(directory: RunDirectory): Promise<Look> {
  const live = await askLive(directory);
  const view = viewOf(directory, live);
  const { state, pid, page } = readStatus(directory);
  const below = relative('.', directory.path) || '.';
  const path = below.startsWith('..') ? directory.path : below;
  let note = '';
  if (view.live && live === undefined) {
    const why = page === undefined ? 'its coordinator serves no page' : `its coordinator does not answer at ${page}`;
    note = `${why}: this is what the files in its directory say`;
  } else if (!view.live && (state === 'running' || state === 'starting')) {
    const who = pid > 0 ? `its coordinator (process ${pid}) is gone` : 'its coordinator is gone';
    note = `nobody drives this run: ${who}; go on with npx coordinator start --resume ${path}`;
  }
  return {
    view,
    path,
    note,
    metrics: newest<StepMetrics>(directory, 'metrics.jsonl', ({ generatorLosses }) => Array.isArray(generatorLosses)),
    quality: newest<Quality>(
      directory,
      'quality.jsonl',
      ({ kid, best }) => Number.isFinite(kid) && Number.isFinite(best),
    ),
    events: newestEvents(directory),
  };
}

/** Of the files that change while a run lives. */
function lastChange(folder: string): number {
  const times = ['run.json', 'events.jsonl', 'metrics.jsonl'].map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}

function newest<T extends object>(directory: RunDirectory, name: string, fits: (line: T) => boolean): T | undefined {
  const lines = lastLines(directory.file(name)).map((line) => parsedLine(line) as T | undefined);
  return lines.findLast((line) => line !== undefined && fits(line));
}

function newestEvents(directory: RunDirectory): EventLine[] {
  return lastLines(directory.file('events.jsonl'))
    .slice(-EVENTS)
    .flatMap((line) => {
      const parsed = parsedLine(line);
      if (typeof parsed?.['event'] !== 'string') return [];
      const { time } = parsed;
      const { text } = describeEvent(parsed as unknown as RunEvent, directory.path);
      return [{ time: typeof time === 'string' ? time : '', text }];
    });
}
