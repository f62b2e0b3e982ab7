/** Everything a run can be told, from flags and a YAML file: compiled once, checked once. */
import { z } from 'zod';
import { DEVICES, ENGINE_CHOICES } from '../../../common/engine-choice.js';
import { UsageError } from '../../../common/errors.js';
import { assertHost } from '../../../common/hosts.js';
import { LOG_LEVELS } from '../../../common/log/log-level.js';
import { nearestOf } from '../../../common/nearest.js';
import { trustFilesOf } from '../../../common/trust/files.js';
import { ONE_GENERATOR_SYSTEMS, type TrainingConfig, trainingConfigSchema } from '../../../gan/config.js';
import { PRESETS, type PresetName } from '../../../gan/presets.js';
import { SETTINGS } from '../../../gan/settings.js';
import { parseNatsUrl } from '../../store/nats/client/url.js';

/**
 * ignore: nothing. stop: the run ends, with exit code 1. rollback: it goes back to its best checkpoint, and on from there
 * with other random numbers.
 */
export const ON_COLLAPSE = ['ignore', 'stop', 'rollback'] as const;
export const PLACEMENTS = ['local', 'external'] as const;

/** What belongs to the running, not to the result. */
const runSettingsSchema = z.strictObject({
  /** auto: tensorflow, or wasm where it cannot be prepared. With external workers nothing is prepared: tensorflow. */
  engine: z.enum(ENGINE_CHOICES).default('auto'),
  /** auto: NVIDIA cards if there are any. */
  device: z.enum(DEVICES).default('auto'),
  /** CPU threads of every worker's engine; absent: the cores divided among them. Part of a run's identity. */
  threads: z.int().min(1).max(1024).optional(),
  /** local: child processes of the coordinator. external: workers join by themselves. */
  placement: z.enum(PLACEMENTS).default('local'),
  /** Address that the coordinator's gRPC listens on. Another than loopback only with mutual TLS or `insecure`. */
  host: z.string().min(1).max(253).default('127.0.0.1'),
  /** Without mutual TLS (`tlsCert`, `tlsKey`, `tlsCa`) whoever can reach the address can read along. */
  insecure: z.boolean().default(false),
  /** PEM files of mutual TLS on every gRPC connection and to a NATS store: all three or none. Read again when they change. */
  tlsCert: z.string().min(1).optional(),
  tlsKey: z.string().min(1).optional(),
  tlsCa: z.string().min(1).optional(),
  /** File with the join token; absent: RUN/token, made by the first start. */
  tokenFile: z.string().min(1).optional(),
  /** Where the run lasts: `file`, its own directory, or nats://HOST:PORT (tls://HOST:PORT), of which the directory is a working copy. */
  store: z.string().min(1).max(253).default('file'),
  /** File with what NATS asks for: a .creds file, an nkey seed, USER:PASSWORD or a token. */
  storeCredentials: z.string().min(1).optional(),
  /** Seconds of training that the store may lack; then it pauses until the store has caught up. */
  storeLag: z.number().min(1).max(86_400).default(300),
  /** After the run's end its page and metrics stay, until the coordinator is told to end. */
  stay: z.boolean().default(false),
  /** gRPC port; 0 picks a free one. */
  port: z.int().min(0).max(65535).default(50051),
  /** Address that the live page and the metrics listen on: they show a run and change nothing. Another than loopback only with mutual TLS or `insecure`. */
  webHost: z.string().min(1).max(253).default('127.0.0.1'),
  /** Port of the live page; absent: 8080, or any where that is taken. */
  pagePort: z.int().min(0).max(65535).optional(),
  /** Port of /metrics, /healthz, /readyz and /sd; absent: 9464, or any where that is taken. */
  metricsPort: z.int().min(0).max(65535).optional(),
  /** Seconds that a clean stop may take before the step is given up; Kubernetes allows 30 in all. */
  grace: z.number().min(0).max(86_400).default(20),
  /** A sample grid every so many steps, and after the last. */
  sampleEvery: z.int().min(1).default(250),
  /** A checkpoint every so many steps, and after the last. */
  checkpointEvery: z.int().min(1).default(500),
  /** A checkpoint, too, when so many seconds have passed since the last one; 0: never by time. */
  checkpointSeconds: z.number().min(0).max(86_400).default(15),
  /** How many checkpoints stay; older ones are deleted. */
  keepCheckpoints: z.int().min(1).default(3),
  /** The checkpoints of every so many steps stay for ever; 0: of none. Such a step has a checkpoint in any case. */
  keepEvery: z.int().min(0).default(0),
  /** Singular values, diversity and update shares every so many steps; 0: never. */
  signalsEvery: z.int().min(0).default(50),
  /** KID of a few samples every so many steps, and after the last; 0: never. Such a step has a checkpoint in any case. */
  evaluateEvery: z.int().min(0).default(500),
  /** What a collapse leads to besides its event. */
  onCollapse: z.enum(ON_COLLAPSE).default('ignore'),
  /** How often a run goes back before it goes on as with 'ignore'. */
  maxRollbacks: z.int().min(0).default(3),
  /** Workers beyond the needed number, that stand by to take a lost role at once. */
  spares: z.int().min(0).max(16).default(0),
  /** A worker that was not heard of for so many seconds is replaced. */
  heartbeatDeadline: z.number().min(2).max(3600).default(10),
  /** A step that takes longer, in seconds, is looked into: who keeps it waiting is replaced. */
  stepDeadline: z.number().min(0.5).max(86_400).default(60),
  /** Workers that may end or leave by themselves in one start, before the run ends. */
  maxCrashes: z.int().min(0).default(100),
  /** Workers that may be replaced, and exchanges opened anew, on suspicion; likewise. */
  maxEvictions: z.int().min(0).default(50),
  /** Steps in which a number was not finite; likewise. */
  maxFaultySteps: z.int().min(0).default(20),
  /** Collapsed: KID above so many times the best, three evaluations in a row. */
  collapseRatio: z.number().positive().default(1.5),
  /** `coordinator chaos` may make faults on purpose in this run. */
  allowChaos: z.boolean().default(false),
  /** Of the log on stderr, and of the local workers'. Absent: info, for a coordinator on a terminal silent. */
  logLevel: z.enum(LOG_LEVELS).optional(),
});
export type RunSettings = Readonly<z.output<typeof runSettingsSchema>>;

/** What a preset stands for of the running. Evaluations would first train their network, for longer than a small run takes. */
export const PRESET_SETTINGS: Readonly<Record<PresetName, Partial<RunSettings>>> = {
  full: {},
  small: { evaluateEvery: 0 },
};

export interface RunOptions {
  training: TrainingConfig;
  settings: RunSettings;
}

/** Names of flags and of keys in the config file; the flags are the same in kebab-case. */
export const OPTION_KEYS = [
  ...Object.keys(trainingConfigSchema.shape),
  ...Object.keys(runSettingsSchema.shape),
  'workers',
] as const;

type Given = Readonly<Record<string, unknown>>;

/**
 * @param given flags over file, by key; `workers` counts all roles and stands for generators + 1
 * @throws UsageError for the first thing that is wrong, with the value and the cure
 */
export function compileOptions(given: Given): RunOptions {
  const { workers, ...rest } = given;
  for (const key of Object.keys(rest)) {
    if (!OPTION_KEYS.includes(key))
      throw new UsageError(
        `unknown key ${shown(key, `'`)} in the config${nearestOf(key.slice(0, LONGEST), OPTION_KEYS)}`,
      );
  }
  const pick = (schema: z.ZodObject) =>
    Object.fromEntries(Object.entries(rest).filter(([key, value]) => key in schema.shape && value !== undefined));
  const asked = withSystem(
    withRow(SETTINGS, 'setting', withRow(PRESETS, 'preset', withGenerators(pick(trainingConfigSchema), workers))),
  );
  const training = checked(trainingConfigSchema, asked);
  const settings = checked(runSettingsSchema, { ...PRESET_SETTINGS[training.preset], ...pick(runSettingsSchema) });
  assertPossible(training);
  const protection = { insecure: settings.insecure, tls: trustFilesOf(settings) !== undefined };
  assertHost(settings.host, protection);
  assertHost(settings.webHost, protection, '--web-host');
  if (settings.store !== 'file') parseNatsUrl(settings.store, protection);
  return { training, settings };
}

/** @throws UsageError for values that are possible alone and not together */
function assertPossible({ system, generators, spectralNorm, order, discriminatorSteps }: TrainingConfig): void {
  if (isOneGeneratorSystem(system) && generators !== 1) {
    throw new UsageError(
      `the system '${system}' has one generator, not ${generators}: use --workers 2 (one discriminator, one generator) or --system pggan`,
    );
  }
  if (system === 'sngan' && !spectralNorm) {
    throw new UsageError(
      "the system 'sngan' is a GAN with spectral norm: leave --no-spectral-norm away, or use --system gan",
    );
  }
  if (order === 'simultaneous' && discriminatorSteps > 1) {
    throw new UsageError(
      `--order simultaneous updates every network at once, the discriminator cannot be ${discriminatorSteps} updates ahead: use --discriminator-steps 1 or --order alternating`,
    );
  }
}

function isOneGeneratorSystem(system: unknown): boolean {
  return ONE_GENERATOR_SYSTEMS.some((name) => name === system);
}

/** What a system's name stands for, where nothing else is given. */
function withSystem(training: Given): Given {
  return {
    ...(isOneGeneratorSystem(training['system']) ? { generators: 1 } : {}),
    ...(training['system'] === 'sngan' ? { spectralNorm: true } : {}),
    ...training,
  };
}

/** The values of the row that a key names, where they are not given themselves. An unknown name is left for the schema to refuse. */
function withRow(rows: Readonly<Record<string, object>>, key: 'setting' | 'preset', training: Given): Given {
  const known = Object.entries(rows).find(([name]) => name === training[key]);
  return { ...known?.[1], ...training };
}

function withGenerators(training: Given, workers: unknown): Given {
  const { generators } = training;
  if (workers === undefined) return training;
  const count = z.int().safeParse(workers);
  if (!count.success || count.data < 2 || count.data > 128) {
    throw new UsageError(
      `--workers takes 2 to 128 (one discriminator and at least one generator), not ${shown(workers)}`,
    );
  }
  if (generators !== undefined && generators !== count.data - 1) {
    throw new UsageError(
      `--workers ${count.data} and --generators ${shown(generators)} disagree: workers are one discriminator and the generators`,
    );
  }
  return { ...training, generators: count.data - 1 };
}

function checked<T extends z.ZodType>(schema: T, value: Given): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const key = String(issue.path[0] ?? '');
  const wrong = value[key];
  throw new UsageError(`--${kebab(key)} ${shown(wrong)} is not possible: ${expectation(issue, wrong)}`);
}

function expectation(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value') {
    const names = issue.values.map(String);
    const nearest = typeof value === 'string' ? nearestOf(value.slice(0, LONGEST), names) : '';
    return `choose one of ${names.join(', ')}${nearest}`;
  }
  if (issue.code === 'invalid_union') {
    const values = issue.errors.flat().flatMap((each) => (each.code === 'invalid_value' ? each.values : []));
    return `choose one of ${values.map(String).join(', ')}`;
  }
  if (issue.code === 'invalid_type')
    return `expected ${issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** A message stays a sentence, whatever value it names. */
const LONGEST = 80;

/** A value on one line, cut when it is long. */
function shown(value: unknown, quote = '"'): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  const quoted = typeof value === 'string' ? `${quote}${text.slice(1, -1)}${quote}` : text;
  return quoted.length <= LONGEST ? quoted : `${quoted.slice(0, LONGEST)}...`;
}

/** sampleEvery → sample-every */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
