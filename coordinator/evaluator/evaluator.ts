/** The coordinator's end of the evaluator process: started when it is first needed, one evaluation at a time. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DuetError } from '../../common/errors.js';
import { spawnChild } from '../placement/children.js';
import type { RunDirectory } from '../run/directory.js';
import type { Measured } from '../run/journal/quality.js';
import type { FromEvaluator, ToEvaluator } from './messages.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
/** The first one may train the feature network before it; a process that takes longer hangs. */
const MOST_MS = 15 * 60_000;
/** How long after its channel the exit of a process may take to be heard. */
const EXIT_MS = 1000;

interface Waiting {
  resolve(measured: Measured): void;
  reject(error: Error): void;
}

export class Evaluator implements Disposable {
  readonly #directory: RunDirectory;
  readonly #told: { say(line: string): void; started(pid: number): void };
  #child: ChildProcess | undefined;
  #waiting: Waiting | undefined;
  #ended: DuetError | undefined;

  /** @param told say: for a person, what takes long; started: once, the process */
  constructor(directory: RunDirectory, told: { say(line: string): void; started(pid: number): void }) {
    this.#directory = directory;
    this.#told = told;
  }

  /**
   * Measures the checkpoint of a step; call it again only after it has answered.
   * @throws DuetError when the process has failed, died or hung: there will be no more answers
   */
  async measure(step: number): Promise<Measured> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#child ??= this.#start();
    const child = this.#child;
    const timer = setTimeout(() => this.#end(`an evaluation took longer than ${MOST_MS / 60_000} minutes`), MOST_MS);
    try {
      return await new Promise<Measured>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        child.send({ kind: 'measure', step } satisfies ToEvaluator, (error) => {
          if (error === null) return;
          // A process that dies breaks its channel first; its exit, which tells more, comes a moment later.
          setTimeout(() => this.#end(`the evaluator cannot be reached: ${error.message}`), EXIT_MS).unref();
        });
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#end('the run is over');
  }

  #start(): ChildProcess {
    const log = openSync(this.#directory.file('logs', 'evaluator.log'), 'a');
    try {
      const command = { command: process.execPath, args: [MAIN, this.#directory.path] };
      const child = spawnChild(command, { stdio: ['ignore', log, log, 'ipc'] });
      if (child.pid !== undefined) this.#told.started(child.pid);
      child.on('message', (message) => this.#receive(message as FromEvaluator));
      child.on('error', (error) => this.#end(`the evaluator process did not start: ${error.message}`));
      child.on('exit', (code, signal) =>
        this.#end(`the evaluator process ended with ${signal === null ? `exit code ${code}` : `signal ${signal}`}`),
      );
      return child;
    } finally {
      closeSync(log);
    }
  }

  #receive(message: FromEvaluator): void {
    switch (message.kind) {
      case 'progress':
        return this.#told.say(message.text);
      case 'measured':
        return this.#waiting?.resolve(message.measured);
      case 'failed':
        return this.#end(message.reason);
    }
  }

  /** The first reason stands. */
  #end(reason: string): void {
    this.#ended ??= new DuetError(reason);
    this.#waiting?.reject(this.#ended);
    // It keeps no state that could be half-written: the feature network's file is renamed into place.
    this.#child?.kill('SIGKILL');
  }
}
