/** What the coordinator of a run logs: every event as it is written to events.jsonl, and what it waits for. */
import { isatty } from 'node:tty';
import { LevelSwitch, type LogLevel } from '../../../common/log/log-level.js';
import { type Log, changeLevelOnSignal, createLog } from '../../../common/log/log.js';
import { levelOf, textOf } from '../../run/journal/event-text.js';
import type { JournalReader, RunEvent, StepMetrics } from '../../run/journal/journal.js';

const STDERR = 2;

export class RunLog implements JournalReader {
  readonly #context: { run: string; role: string; epoch: number; step: number };
  readonly #log: Log;

  /** @param asked absent: info, and nothing on a terminal, where the run's own lines on stdout say the same */
  constructor(run: string, asked: LogLevel | undefined) {
    this.#context = { run, role: 'coordinator', epoch: 0, step: 0 };
    const levels = new LevelSwitch(asked ?? (isatty(STDERR) ? 'silent' : 'info'));
    this.#log = createLog({ levels, context: this.#context });
    changeLevelOnSignal(levels, this.#log);
  }

  event(event: RunEvent): void {
    if ('epoch' in event) this.#context.epoch = event.epoch;
    // It is told of before the commit that it ends with.
    if (event.event === 'recovered') this.#context.step = event.step;
    const { event: name, ...data } = event;
    this.#log(levelOf(event), name, textOf(event), data);
  }

  metrics({ epoch, step }: StepMetrics): void {
    this.at(step, epoch);
  }

  /** A step that was committed, perhaps again. */
  committed({ epoch, step, ms }: StepMetrics): void {
    this.at(step, epoch);
    this.#log('trace', 'step-committed', `step ${step} committed after ${ms.toFixed(1)} ms`, { ms });
  }

  /** Mutual TLS: files that are replaced, and those who are refused. */
  trust(level: 'info' | 'warn' | 'error', event: string, text: string): void {
    this.#log(level, event, text);
  }

  /** The newest committed step, and where else than in an event it can be had, the epoch. */
  at(step: number, epoch = this.#context.epoch): void {
    Object.assign(this.#context, { step, epoch });
  }

  /** Training cannot begin or go on until this has changed; empty: it can. */
  waiting(reason: string, epoch: number): void {
    this.#context.epoch = epoch;
    if (reason !== '') this.#log('info', 'waiting', reason);
  }
}
