/** `coordinator chaos`: faults on purpose in a run that allows them. */
import type { Command } from 'commander';
import { DuetError, RefusedError, UsageError } from '../../common/errors.js';
import { FAULT_KINDS } from '../../common/faults.js';
import type { ExitCode } from '../../common/process/run-command.js';
import { TRUST_OPTIONS, trustFilesOf } from '../../common/trust/files.js';
import { type Access, addressAccess, runAccess } from '../chaos/access.js';
import { faultsAtRandom, injectedLine } from '../chaos/at-random.js';
import { requestFault } from '../chaos/client.js';
import { type ChaosFlags, readRequest } from './chaos-request.js';
import { stopOnSignals } from './signals.js';
import { wholeNumber } from './whole-number.js';

const EXAMPLES = `
Examples (the run was started with --allow-chaos):
  $ npx coordinator chaos --run runs/ID --fault kill --role generator-1
  $ npx coordinator chaos --run runs/ID --fault partition --role generator-2 --peer discriminator --for 30
  $ npx coordinator chaos --run runs/ID --fault nan --role discriminator --at-step 500
  $ npx coordinator chaos --run runs/ID --every 60                       one a minute on average, until the run ends
  $ npx coordinator chaos --run runs/ID --every 5 --faults kill,stop --seed 7 --count 100`;

export function addChaosOptions(command: Command): Command {
  return command
    .option('--run <dir>', 'run directory')
    .option('--coordinator <host:port>', 'instead of --run, where that is on another machine')
    .option('--token-file <file>', "with --coordinator: the run's join token, RUN/token")
    .option('--generators <n>', 'with --coordinator: how many the run has (default 2)')
    .option(...TRUST_OPTIONS[0])
    .option(...TRUST_OPTIONS[1])
    .option(...TRUST_OPTIONS[2])
    .option('--fault <kind>', `one of ${FAULT_KINDS.join(', ')}`)
    .option('--role <role>', 'whose worker: discriminator, generator-1, ... or any (default any)')
    .option('--peer <peer>', 'delay, partition: coordinator, or the role at the other end of the exchange')
    .option('--at-step <n>', 'as this step begins (default: now)')
    .option('--for <seconds>', 'stop, delay, partition, slow: how long; 0: for ever (default 10)')
    .option('--delay <ms>', 'delay: of everything sent; slow: of every phase that computes (default 200)')
    .option('--every <seconds>', 'faults at random, this long apart on average')
    .option('--faults <kinds>', 'with --every: these kinds, separated by commas (default all but coordinator-kill)')
    .option('--seed <n>', 'everything random follows from it (default 1)')
    .option('--count <n>', 'with --every: how many (default: until the run ends)')
    .addHelpText('after', EXAMPLES);
}

export async function chaosCommand(flags: ChaosFlags): Promise<ExitCode> {
  const access = accessOf(flags);
  const request = readRequest(flags, access);
  const ended = access.ended();
  if (ended !== undefined) throw new UsageError(`${access.name} is ${ended}: faults need a run that is training`);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    if (request.kind === 'one') {
      say(injectedLine(request.fault, await requestFault(access, request.fault)));
      return 0;
    }
    using signals = stopOnSignals('no more faults');
    const { draw, count } = request;
    const { made, end } = await faultsAtRandom({ ...draw, access, count, stop: signals.stop, say });
    say(`${made} faults${typeof end === 'object' ? `; the run is ${end.run}` : ''}`);
    return end === 'stopped' ? 130 : 0;
  } catch (error) {
    throw error instanceof DuetError ? asked(error) : error;
  }
}

function accessOf({ run, coordinator, tokenFile, generators, ...flags }: ChaosFlags): Access {
  const files = trustFilesOf(flags);
  if (run !== undefined) {
    if (coordinator ?? tokenFile ?? generators)
      throw new UsageError('--run says it all: leave --coordinator, --token-file and --generators away');
    return runAccess(run, files);
  }
  if (coordinator === undefined || tokenFile === undefined)
    throw new UsageError('say which run: --run DIR, or --coordinator HOST:PORT with --token-file FILE');
  return addressAccess(coordinator, tokenFile, wholeNumber('--generators', generators ?? '2', 1, 127), files);
}

/** A refusal is about what was asked for; a thing that is not there now may be there later. */
function asked(error: DuetError): DuetError {
  const later = !(error instanceof RefusedError) || error.status === 'NOT_FOUND';
  return later ? error : new UsageError(error.message, { cause: error });
}
