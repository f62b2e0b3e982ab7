/** `coordinator status`: how a run stands, once or until it ends. It changes nothing. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError } from '../../../common/errors.js';
import type { ExitCode } from '../../../common/process/run-command.js';
import { onStopSignals } from '../../../common/process/stop-signals.js';
import type { RunDirectory } from '../../run/directory.js';
import { findRun, lookAt } from './look.js';
import { type Look, statusLine, statusLines } from './status-text.js';

interface StatusOptions {
  run?: string;
  watch?: true;
  json?: true;
}

const LOOK_EVERY_MS = 1000;
/** Where lines follow each other, one is enough for so long, unless the state changes. */
const LINE_EVERY_MS = 5000;

const UP = (lines: number) => (lines === 0 ? '\r' : `\x1b[${lines}A\r`);
const [CLEAR_BELOW, HIDE_CURSOR, SHOW_CURSOR] = ['\x1b[J', '\x1b[?25l', '\x1b[?25h'];

export async function statusCommand({ run, watch, json }: StatusOptions): Promise<ExitCode> {
  const directory = findRun(run);
  if (watch === true) return await watchRun(directory, json === true, process.stdout);
  const look = await lookAt(directory);
  process.stdout.write(json === true ? `${JSON.stringify(look.view)}\n` : text(statusLines(look, Date.now())));
  return 0;
}

/** Until the run is over, or the user has seen enough. */
async function watchRun(directory: RunDirectory, json: boolean, output: NodeJS.WriteStream): Promise<ExitCode> {
  const enough = new AbortController();
  const stop = () => enough.abort();
  using _signals = onStopSignals(stop);
  // Whoever read it has gone: any other error ends the command (common/process/run-command.ts).
  output.on('error', stop);
  const screen = json ? jsonLines(output) : output.isTTY ? redrawn(output) : lines(output);
  try {
    for (;;) {
      const look = await lookAgain(directory);
      screen.show(look);
      const { state, live } = look.view;
      if (state === 'finished') return 0;
      // Whoever waits for the last step waits in vain.
      if (!live) return 1;
      if (!(await pause(enough.signal))) return 130;
    }
  } finally {
    screen.end();
  }
}

async function lookAgain(directory: RunDirectory): Promise<Look> {
  try {
    return await lookAt(directory);
  } catch (error) {
    if (existsSync(directory.file('config.json'))) throw error;
    throw new DuetError(`${directory.path} is gone: a start that came to nothing leaves nothing`, { cause: error });
  }
}

/** @returns false when the user has had enough */
async function pause(signal: AbortSignal): Promise<boolean> {
  await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

interface Screen {
  show(look: Look): void;
  end(): void;
}

/** In the place of what was shown before. */
function redrawn(output: NodeJS.WriteStream): Screen {
  let shown = 0;
  output.write(HIDE_CURSOR);
  return {
    show(look) {
      // A line that wraps, or one that has left the screen, could not be taken back.
      // 0: a terminal that does not know its size.
      const [columns, rows] = [output.columns || 80, output.rows || 24];
      const fitting = statusLines(look, Date.now())
        .slice(0, rows - 1)
        .map((line) => line.slice(0, columns - 1));
      output.write(`${UP(shown)}${CLEAR_BELOW}${text(fitting)}`);
      shown = fitting.length;
    },
    end: () => void output.write(SHOW_CURSOR),
  };
}

/** All of it at first and at the end, and in between a line when the state changes or some seconds have passed. */
function lines(output: NodeJS.WriteStream): Screen {
  let state = '';
  let last = -Infinity;
  return {
    show(look) {
      const { view } = look;
      const first = state === '';
      const changed = view.state !== state;
      if (!changed && performance.now() - last < LINE_EVERY_MS) return;
      state = view.state;
      last = performance.now();
      output.write(first || !view.live ? text(statusLines(look, Date.now())) : `${statusLine(look)}\n`);
    },
    end: () => {},
  };
}

function jsonLines(output: NodeJS.WriteStream): Screen {
  return { show: ({ view }) => void output.write(`${JSON.stringify(view)}\n`), end: () => {} };
}

function text(shown: readonly string[]): string {
  return shown.map((line) => `${line}\n`).join('');
}
