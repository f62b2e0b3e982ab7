/** All that a page shows of a run, kept up to date from its directory while somebody looks. */
import type { RunDirectory } from '../run/directory.js';
import { EventLog } from '../view/event-log.js';
import { History } from '../view/history.js';
import { JournalTail, parsedLine } from '../view/journal-tail.js';
import type { SamplesView } from '../view/messages.js';
import { QualityLog } from '../view/quality-log.js';
import { viewOf } from '../view/read-run.js';
import type { LiveView, RunView } from '../view/run-view.js';
import { sampleSteps } from '../view/sample-pictures.js';

/** Within this time what was read is new enough for another reader. */
const FRESH_MS = 500;

type Line = Record<string, unknown>;
interface Log {
  add(line: Line): void;
  clear(): void;
}

export class Feed {
  readonly history = new History();
  readonly events: EventLog;
  readonly quality = new QualityLog();
  readonly #directory: RunDirectory;
  readonly #live: () => LiveView | undefined;
  readonly #journals: [tail: JournalTail, log: Log][];
  #samples: SamplesView = { steps: [], generation: 0 };
  #run: RunView | undefined;
  #reading: Promise<void> | undefined;
  #readAt = -Infinity;

  constructor(directory: RunDirectory, live: () => LiveView | undefined = () => undefined) {
    this.#directory = directory;
    this.#live = live;
    this.events = new EventLog(directory.path);
    const journal = (name: string, log: Log): [JournalTail, Log] => [new JournalTail(directory.file(name)), log];
    this.#journals = [
      journal('metrics.jsonl', this.history),
      journal('events.jsonl', this.events),
      journal('quality.jsonl', this.quality),
    ];
  }

  /** As of the last `refresh`. */
  get run(): RunView {
    return this.#run ?? viewOf(this.#directory, this.#live());
  }

  get samples(): SamplesView {
    return this.#samples;
  }

  /** Reads what is new, once for all who ask meanwhile. @throws UsageError when the directory is no run any more */
  async refresh(): Promise<void> {
    if (this.#reading === undefined && performance.now() - this.#readAt < FRESH_MS) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      this.#readAt = performance.now();
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#run = viewOf(this.#directory, this.#live());
    for (const [tail, log] of this.#journals) {
      for await (const { restarted, lines } of tail.read()) {
        if (restarted) log.clear();
        for (const line of lines) {
          const object = parsedLine(line);
          if (object !== undefined) log.add(object);
        }
      }
    }
    // After a rollback a step's picture is another one.
    const generation = this.#run.branch;
    const steps = await sampleSteps(this.#directory);
    const known = this.#samples;
    if (generation !== known.generation || steps.length !== known.steps.length || steps.at(-1) !== known.steps.at(-1)) {
      this.#samples = { steps, generation };
    }
  }
}
