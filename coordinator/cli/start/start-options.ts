/** The flags of `coordinator start`. Values are checked together with the config file's, in one place (run/options.ts). */
import type { Command } from 'commander';
import { DEVICES, ENGINE_CHOICES } from '../../../common/engine-choice.js';
import { LOG_LEVELS } from '../../../common/log/log-level.js';
import { WIRE_DTYPES } from '../../../common/tensors/wire-values.js';
import { TRUST_OPTIONS } from '../../../common/trust/files.js';
import { ORDERS, SYSTEMS } from '../../../gan/config.js';
import { DATA_NAMES } from '../../../gan/data/open.js';
import { LOSS_NAMES } from '../../../gan/losses.js';
import { PRESET_NAMES } from '../../../gan/presets.js';
import { SETTING_NAMES } from '../../../gan/settings.js';
import { DISCRIMINATOR_TERMS, FAKE_WEIGHTS, GENERATOR_LOSSES, VERDICT_SCOPES } from '../../../gan/verdict.js';
import { ON_COLLAPSE, PLACEMENTS } from '../../run/config/options.js';
import { describePreset } from '../../run/config/preset-text.js';

const number = (text: string): unknown => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text));
const SMALL = describePreset('small');
const oneOf = (names: readonly string[]) => names.join(', ');

export function addStartOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'worker processes: one discriminator and the generators (default 3)', number)
    .option('--system <name>', `${oneOf(SYSTEMS)} (default pggan)`)
    .option(
      '--preset <name>',
      `${oneOf(PRESET_NAMES)}: what stands for values that are not given (default full; on wasm small: ${SMALL})`,
    )
    .option('--generators <n>', 'number of generators, instead of --workers', number)
    .option('--data <what>', `${oneOf(DATA_NAMES)}, a folder of images or an .npz file (default mnist)`)
    .option('--image-size <px>', "size that a folder's images get (default 28)", number)
    .option('--channels <n>', 'colours of a folder of images: 1 grey, 3 RGB (default: as they are)', number)
    .option('--steps <n>', 'updates of every network (default 3000)', number)
    .option('--batch <n>', 'samples a step (default 64)', number)
    .option('--seed <n>', 'everything random follows from it (default 1)', number)
    .option('--latent <n>', 'size of the latent vector (default 100)', number)
    .option('--width <x>', 'multiplies filters and hidden units (default 1)', number)
    .option('--generator-width <x>', 'likewise, of the generators only, on top of --width (default 1)', number)
    .option('--spectral-norm', 'divide every kernel of the discriminator by its spectral norm (default with sngan)')
    .option('--no-spectral-norm', 'do not (default but with sngan)')
    .option('--loss <name>', `${oneOf(LOSS_NAMES)} (default non-saturating)`)
    .option('--exchange-dtype <type>', `${oneOf(WIRE_DTYPES)}: of fakes and gradients on their way (default float32)`)
    .option('--order <name>', `${oneOf(ORDERS)} (default alternating)`)
    .option('--generator-loss <name>', `${oneOf(GENERATOR_LOSSES)} (default verdict-average)`)
    .option('--verdict <scope>', `one verdict a ${oneOf(VERDICT_SCOPES)} (default sample)`)
    .option('--discriminator-terms <which>', `${oneOf(DISCRIMINATOR_TERMS)} (default all)`)
    .option('--fake-weight <how>', `${oneOf(FAKE_WEIGHTS)} (default mean)`)
    .option('--discriminator-steps <n>', 'updates of the discriminator a step, n_dis (default 1)', number)
    .option(
      '--setting <name>',
      `${oneOf(SETTING_NAMES)} of the SNGAN paper: stands for --learning-rate, --beta1, --beta2 and --discriminator-steps where they are not given`,
    )
    .option('--learning-rate <x>', 'Adam (default 0.0002)', number)
    .option('--beta1 <x>', 'Adam (default 0.5)', number)
    .option('--beta2 <x>', 'Adam (default 0.999)', number)
    .option('--config <file>', 'YAML with any of these as keys, in camelCase; flags win')
    .option('--out <dir>', 'run directory (default runs/TIME-SYSTEM-DATA)')
    .option('--resume <dir>', 'go on with a run, from its newest good checkpoint')
    .option(
      '--continue',
      'start the run of --out, or go on with it if the directory or the store has it already: for a start that is repeated by a machine',
    )
    .option('--accept-changes', 'resume although the engine, the device or the data is another')
    .option('--take-over', 'resume although another coordinator drives the run, which then stops (docs/operations.md)')
    .option(
      '--engine <name>',
      `${oneOf(ENGINE_CHOICES)} (default auto: tensorflow, or wasm where that cannot be prepared; docs/engines.md)`,
    )
    .option('--device <name>', `${oneOf(DEVICES)} (default auto)`)
    .option(
      '--threads <n>',
      "CPU threads of each worker; decides the result's last bits (default: the cores divided)",
      number,
    )
    .option('--placement <how>', `${oneOf(PLACEMENTS)} (default local)`)
    .option(
      '--host <address>',
      'address to listen on (default 127.0.0.1); another than loopback needs --tls-cert or --insecure',
    )
    .option('--port <n>', 'gRPC port, 0 for any free one (default 50051)', number)
    .option(
      '--web-host <address>',
      'address of the live page and the metrics, which show a run and change nothing (default 127.0.0.1); another than loopback needs --tls-cert or --insecure',
    )
    .option(
      '--page-port <n>',
      'of the live page, 0 for any free one (default 8080, or any where that is taken)',
      number,
    )
    .option('--metrics-port <n>', 'of /metrics, /sd, /healthz, /readyz, likewise (default 9464)', number)
    .option(
      '--insecure',
      'listen on a --host that others can reach without mutual TLS: only the join token protects it',
    )
    .option(...TRUST_OPTIONS[0])
    .option(...TRUST_OPTIONS[1])
    .option(...TRUST_OPTIONS[2])
    .option('--token-file <file>', 'the join token, instead of RUN/token')
    .option(
      '--store <where>',
      'file, or nats://HOST:PORT: where the run lasts; RUN is a working copy then (default file; docs/store.md)',
    )
    .option('--store-credentials <file>', 'what NATS asks for: a .creds file, an nkey seed, USER:PASSWORD or a token')
    .option('--store-lag <s>', 'how far the store may be behind; then the training waits for it (default 300)', number)
    .option('--stay', 'after the end keep the page and the metrics until told to end (SIGTERM)')
    .option('--grace <s>', 'seconds that a clean stop may take before the step is given up (default 20)', number)
    .option('--sample-every <n>', 'steps between sample grids (default 250)', number)
    .option('--checkpoint-every <n>', 'steps between checkpoints (default 500)', number)
    .option(
      '--checkpoint-seconds <s>',
      'a checkpoint after so many seconds, too: a fault costs at most about that much replay; 0: never by time (default 15)',
      number,
    )
    .option('--keep-checkpoints <n>', 'how many checkpoints stay, besides the best (default 3)', number)
    .option('--keep-every <n>', 'checkpoints of every n-th step stay for ever; 0: none (default 0)', number)
    .option(
      '--signals-every <n>',
      'steps between singular values, diversity, update shares; 0: never (default 50)',
      number,
    )
    .option(
      '--evaluate-every <n>',
      'steps between evaluations (KID) and their checkpoints; 0: never (default 500)',
      number,
    )
    .option('--on-collapse <what>', `${oneOf(ON_COLLAPSE)} (default ignore; docs/stability.md)`)
    .option('--max-rollbacks <n>', 'how often a run goes back to its best checkpoint (default 3)', number)
    .option('--collapse-ratio <x>', 'KID over the best that counts as collapsed (default 1.5)', number)
    .option('--spares <n>', 'workers beyond the needed number, ready to take a lost role (default 0)', number)
    .option('--heartbeat-deadline <seconds>', 'of silence, then a worker counts as lost (default 10)', number)
    .option(
      '--step-deadline <seconds>',
      'of a step, then a worker that is far slower than it used to be is replaced (default 60; docs/faults.md)',
      number,
    )
    .option('--max-crashes <n>', 'workers that may end by themselves before the run does (default 100)', number)
    .option('--max-evictions <n>', 'workers that may be replaced on suspicion (default 50)', number)
    .option('--max-faulty-steps <n>', 'steps with a number that is not finite (default 20)', number)
    .option('--allow-chaos', 'let `coordinator chaos` make faults on purpose in this run (docs/chaos.md)')
    .option(
      '--log-level <level>',
      `${oneOf(LOG_LEVELS)}: of the log on stderr, and of the local workers' (default info; silent on a terminal; docs/operations.md)`,
    );
}
