/** `coordinator start` in a process of its own, for workers that join from elsewhere; and what the system says of that process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError, UsageError } from '../../common/errors.js';
import { residentBytes } from '../../tests/support/machine/processes.js';
import { COORDINATOR, statusOf } from '../../tests/support/runs/run.js';

const [START_MS, POLL_MS] = [30_000, 20];
/** No checkpoints or pictures but the last. */
const NEVER = '1000000';

export class CoordinatorUnderTest implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<number>;
  #output = '';
  address = '';
  token = '';

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#ended = once(child, 'close').then(([code]) => (code as number | null) ?? -1);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    void this.#ended.then(() => process.off('exit', kill));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
  }

  /**
   * @param folder of its own; goes with it
   * @param nodeFlags of its process, such as --cpu-prof
   * @throws DuetError when it does not come to listen
   */
  static async start(folder: string, workers: number, steps: number, nodeFlags: readonly string[] = []) {
    const run = join(folder, 'run');
    const child = spawn(process.execPath, [...nodeFlags, COORDINATOR, 'start', ...flagsOf(run, workers, steps)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Without an engine nothing is exported at the end: what simulated workers upload are no weights.
      env: { ...process.env, DUET_CACHE: join(folder, 'no-engine') },
    });
    const coordinator = new CoordinatorUnderTest(child, folder);
    const deadline = performance.now() + START_MS;
    while (coordinator.address === '') {
      await sleep(POLL_MS);
      coordinator.address = statusOf(run)?.address ?? '';
      if (child.exitCode === null && performance.now() < deadline) continue;
      await coordinator[Symbol.asyncDispose]();
      throw new DuetError(`the coordinator did not come to listen: ${coordinator.#output}`);
    }
    coordinator.token = readFileSync(join(run, 'token'), 'utf8').trim();
    return coordinator;
  }

  get run(): string {
    return join(this.#folder, 'run');
  }

  get #pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Of all its threads since they began, milliseconds. @throws UsageError where the system does not tell */
  get processorMs(): number {
    try {
      const tasks = `/proc/${this.#pid}/task`;
      const ran = readdirSync(tasks).map((id) =>
        Number(readFileSync(join(tasks, id, 'schedstat'), 'utf8').split(' ')[0]),
      );
      return ran.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
    } catch (error) {
      throw new UsageError(
        `/proc/${this.#pid}/task/*/schedstat cannot be read: this benchmark takes processor time from there (Linux)`,
        { cause: error },
      );
    }
  }

  get residentBytes(): number {
    return residentBytes(this.#pid);
  }

  /** @throws DuetError when it ends in another way than with all steps */
  async finished(): Promise<void> {
    const code = await this.#ended;
    if (code !== 0) throw new DuetError(`the coordinator ended with exit code ${code}: ${this.#output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function flagsOf(run: string, workers: number, steps: number): string[] {
  const options = {
    out: run,
    placement: 'external',
    workers,
    steps,
    data: 'ring8',
    threads: 1,
    port: 0,
    'page-port': 0,
    'metrics-port': 0,
    'checkpoint-every': NEVER,
    'checkpoint-seconds': 0,
    'sample-every': NEVER,
    'evaluate-every': 0,
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
