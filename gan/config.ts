/** What is trained, and how: the part of a run's config that decides every bit of its result. */
import { z } from 'zod';
import { WIRE_DTYPES } from '../common/tensors/wire-values.js';
import { LOSS_NAMES } from './losses.js';
import { PRESET_NAMES } from './presets.js';
import { SETTING_NAMES } from './settings.js';
import { DISCRIMINATOR_TERMS, FAKE_WEIGHTS, GENERATOR_LOSSES, VERDICT_SCOPES } from './verdict.js';

export const SYSTEMS = ['pggan', 'gan', 'sngan'] as const;
/** Systems that leave no choice of the number of generators. */
export const ONE_GENERATOR_SYSTEMS = ['gan', 'sngan'] as const satisfies readonly (typeof SYSTEMS)[number][];
export const ORDERS = ['alternating', 'simultaneous'] as const;

/** More generators than this is a typing error sooner than a plan: each is a process with its own engine. */
const MOST_GENERATORS = 127;

/** The fakes of all of a step's updates travel as one tensor. */
const MOST_DISCRIMINATOR_STEPS = 64;

const count = (most: number) => z.int().min(1).max(most);

export const trainingConfigSchema = z.strictObject({
  /** gan: one generator. sngan: one generator, spectral norm in D. pggan: N generators and the average-loss rule. */
  system: z.enum(SYSTEMS).default('pggan'),
  /** A row of presets.ts, which stands for the values that are not given. */
  preset: z.enum(PRESET_NAMES).default('full'),
  /** Number of generators; the workers are one more. */
  generators: count(MOST_GENERATORS).default(2),
  /** mnist, stacked-mnist, ring8, grid25, a folder of images or an .npz file. */
  data: z.string().min(1).default('mnist'),
  /** Height and width that a folder's images are resized to, px. */
  imageSize: z.int().min(16).max(128).default(28),
  /** Colours of a folder's images: 1 grey, 3 RGB; absent: as the images are. */
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /** Steps; each updates every generator once, and the discriminator `discriminatorSteps` times. */
  steps: count(1e9).default(3000),
  /** Samples of an update: this many of x, and of each generator. */
  batch: z.int().min(2).max(8192).default(64),
  /** Everything random follows from it. */
  seed: z.int().min(0).default(1),
  /** Size of the latent vector z. */
  latent: count(4096).default(100),
  /** Multiplies filters and hidden units of every network. */
  width: z.number().min(0.0625).max(8).default(1),
  /** Multiplies filters and hidden units of the generators only, on top of `width`. */
  generatorWidth: z.number().min(0.0625).max(8).default(1),
  /** Whether every kernel of the discriminator is divided by its spectral norm (Miyato et al. 2018). */
  spectralNorm: z.boolean().default(false),
  loss: z.enum(LOSS_NAMES).default('non-saturating'),
  /** In what type fakes and their gradients travel; 16 bits round them, which changes the result. */
  exchangeDtype: z.enum(WIRE_DTYPES).default('float32'),
  /** Updates of the discriminator a step, each on samples of its own; n_dis of the SNGAN paper. */
  discriminatorSteps: count(MOST_DISCRIMINATOR_STEPS).default(1),
  /** alternating: the updated discriminator judges the fakes for the generators. simultaneous: the one before its update. */
  order: z.enum(ORDERS).default('alternating'),
  generatorLoss: z.enum(GENERATOR_LOSSES).default('verdict-average'),
  verdict: z.enum(VERDICT_SCOPES).default('sample'),
  discriminatorTerms: z.enum(DISCRIMINATOR_TERMS).default('all'),
  fakeWeight: z.enum(FAKE_WEIGHTS).default('mean'),
  /** A row of settings.ts, which stands for the values of Adam and `discriminatorSteps` that are not given. */
  setting: z.enum(SETTING_NAMES).optional(),
  /** Adam's step size, for every network. */
  learningRate: z.number().positive().max(1).default(2e-4),
  beta1: z.number().min(0).lt(1).default(0.5),
  beta2: z.number().min(0).lt(1).default(0.999),
});

/** Compiled once (given, then defaults), never changed after. */
export type TrainingConfig = Readonly<z.output<typeof trainingConfigSchema>>;

/** Added to the root of the second moment, torch.optim.Adam's default. */
export const ADAM_EPSILON = 1e-8;
