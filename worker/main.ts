/** The command `worker`: joins a coordinator and computes whatever role it is given. */
import { Command, Option } from 'commander';
import { MessageChannel, Worker } from 'node:worker_threads';
import { DuetError, UsageError, messageOf } from '../common/errors.js';
import { assertHost, assertReachable } from '../common/hosts.js';
import { assertCoordinatorAddress, readToken } from '../common/join-options.js';
import { LOG_LEVELS, LevelSwitch, type LogLevel } from '../common/log/log-level.js';
import { type Log, changeLevelOnSignal, createLog } from '../common/log/log.js';
import { METRICS_PORT } from '../common/metrics/server.js';
import { isPortTaken, portInUse } from '../common/process/ports.js';
import { type ExitCode, runCommand } from '../common/process/run-command.js';
import { onStopSignals } from '../common/process/stop-signals.js';
import { TRUST_OPTIONS, trustFilesOf } from '../common/trust/files.js';
import { Trust } from '../common/trust/trust.js';
import { VERSION } from '../common/version.js';
import { compute, fail } from './compute.js';
import { ComputeFaults } from './faults/compute-faults.js';
import { Inbox } from './inbox.js';
import { newContext } from './log-context.js';
import type { NetworkThreadData } from './network/thread.js';
import { demandsOn } from './network/trust.js';
import { BOARD_BYTES, PhaseBoard } from './phase-board.js';

/** How long the network thread may take to end. */
const LEAVE_MS = 5000;
const STOPPED_BY_USER = 130;

interface JoinOptions {
  coordinator: string;
  tokenFile: string;
  host: string;
  listen?: string;
  port: number;
  insecure?: true;
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
  metricsPort?: number;
  rejoin: number;
  allowChaos?: boolean;
  logLevel: LogLevel;
}

async function join(options: JoinOptions): Promise<ExitCode> {
  const {
    coordinator,
    tokenFile,
    host,
    listen = host,
    port,
    insecure = false,
    metricsPort,
    rejoin,
    logLevel,
  } = options;
  const { allowChaos = false } = options;
  const trustFiles = trustFilesOf(options);
  assertCoordinatorAddress(coordinator);
  assertReachable(host);
  assertHost(listen, { insecure, tls: trustFiles !== undefined }, options.listen === undefined ? '--host' : '--listen');
  if (trustFiles !== undefined) Trust.open(trustFiles, demandsOn(host));
  if (port !== 0 && (await isPortTaken(listen, port))) throw portInUse(listen, port);
  const token = readToken(tokenFile);
  const levels = new LevelSwitch(logLevel);
  const context = newContext();
  const log = createLog({ levels, context });
  changeLevelOnSignal(levels, log);
  const { port1, port2 } = new MessageChannel();
  const counter = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const board = new SharedArrayBuffer(BOARD_BYTES);
  const faults = new ComputeFaults();
  const workerData: NetworkThreadData = {
    coordinator,
    token,
    host,
    listen,
    exchangePort: port,
    trustFiles,
    metricsPort,
    version: VERSION,
    rejoinMs: rejoin * 1000,
    port: port2,
    counter,
    board,
    allowChaos,
    faults: faults.shared,
    logLevels: levels.memory,
  };
  const thread = new Worker(new URL('./network/thread.js', import.meta.url), { workerData, transferList: [port2] });
  const inbox = new Inbox(port1, counter);
  using _signals = onStopSignals((signal, again) => {
    if (again) process.exit(STOPPED_BY_USER);
    inbox.end({ kind: 'signal', reason: `the worker got ${signal}` });
  });
  try {
    await compute({ inbox, board: new PhaseBoard(board), faults }, { log, context });
    return await conclude(inbox, log);
  } catch (error) {
    // What was wrong from the start is said to who started it, and to nobody else.
    if (!(error instanceof UsageError)) log('error', 'worker-failed', messageOf(error));
    throw error;
  } finally {
    // Node's end of a thread can fail to end (nodejs/node#47748); the process must.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LEAVE_MS).unref();
    await thread.terminate();
    port1.close();
  }
}

async function conclude(inbox: Inbox, log: Log): Promise<ExitCode> {
  const { kind, reason } = inbox.ending ?? { kind: 'stop', reason: '' };
  switch (kind) {
    case 'stop':
      log('info', 'worker-ended', reason);
      return 0;
    case 'refused':
      throw new UsageError(reason);
    case 'lost':
      throw new DuetError(reason);
    case 'signal':
      await fail(inbox, { reason, usage: false, leaving: true });
      log('info', 'worker-ended', reason);
      return STOPPED_BY_USER;
  }
}

function portOf(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > 65_535) throw new UsageError(`${flag} takes a port, 0 to 65535, not '${text}'`);
    return value;
  };
}

function seconds(text: string): number {
  const value = text === 'forever' ? Infinity : Number(text);
  if (text.trim() === '' || Number.isNaN(value) || value < 0 || text === 'Infinity')
    throw new UsageError(`--rejoin takes a number of seconds, or forever, not '${text}'`);
  return value;
}

await runCommand(async () => {
  let code: ExitCode | undefined;
  const program = new Command('worker')
    .description('One role of a run on one device.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(worker join --help shows examples)');
  program
    .command('join')
    .description('Join a coordinator that was started with --placement external, and compute the role it gives.')
    .requiredOption('--coordinator <host:port>', 'where the coordinator listens')
    .requiredOption('--token-file <file>', "the run's join token, RUN/token")
    .option(
      '--host <address>',
      'name or address of this machine by which the others reach it; another than loopback needs --tls-cert or --insecure',
      '127.0.0.1',
    )
    .option('--listen <address>', 'where it listens, if not on --host itself: 0.0.0.0 and :: are all of its addresses')
    .option('--port <n>', 'gRPC port of its exchange, 0 for any free one', portOf('--port'), 0)
    .option(
      '--insecure',
      'listen on an address that others can reach without mutual TLS: only the join token protects it',
    )
    .option(...TRUST_OPTIONS[0])
    .option(...TRUST_OPTIONS[1])
    .option(...TRUST_OPTIONS[2])
    .option(
      '--metrics-port <n>',
      `port of /metrics, /healthz and /readyz, 0 for any free one (default ${METRICS_PORT}, or any where that is taken)`,
      portOf('--metrics-port'),
    )
    .option(
      '--rejoin <seconds>',
      'how long to look for a coordinator that is gone, or for one started in its place; 0: not at all; forever: also at the start, and without end',
      seconds,
      60,
    )
    .addOption(
      new Option('--log-level <level>', 'of the log on stderr (docs/operations.md); SIGUSR2: to debug and back')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .option('--allow-chaos', 'make the faults that the coordinator asks for (`coordinator chaos`)')
    .exitOverride()
    .addHelpText('after', '\nExample:\n  $ npx worker join --coordinator 127.0.0.1:50051 --token-file runs/ID/token')
    .action(async (options: JoinOptions) => {
      code = await join(options);
    });
  await program.parseAsync();
  return code;
});
