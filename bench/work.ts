/** How much is computed in a step: the four things by which it grows, and the flags that ask for it. */
import { type TrainingConfig, trainingConfigSchema } from '../gan/config.js';
import { type Architecture, countParameters, outputShape, parametersOf } from '../gan/network/architecture.js';
import { architectureOf } from '../gan/network/role-architecture.js';

export interface Work {
  /** Samples of an update. */
  batch: number;
  /** Height and width of the MNIST digits, px. */
  image: number;
  /** Multiplies the filters of every network. */
  width: number;
  generators: number;
}

/** The MNIST preset of the design. */
export const PRESET: Work = { batch: 64, image: 28, width: 1, generators: 2 };

/** Shape of a sample: grey images. */
export function sampleOf({ image }: Pick<Work, 'image'>): number[] {
  return [image, image, 1];
}

/** @throws ZodError when a value is out of range */
export function configOf({ batch, image, width, generators }: Work): TrainingConfig {
  return trainingConfigSchema.parse({ batch, imageSize: image, width, generators });
}

/** Flags of `coordinator start`. */
export function duetFlags({ batch, image, width, generators }: Work): string[] {
  return flags({ workers: 1 + generators, batch, 'image-size': image, width });
}

/** Flags of torch_gan.py. */
export function peerFlags({ batch, image, width, generators }: Work): string[] {
  return flags({ generators, batch, image, width });
}

function flags(values: Readonly<Record<string, number>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** How many numbers each network trains. @throws UsageError when images of that size cannot be generated */
export function parametersOfWork(work: Work): { generator: number; discriminator: number } {
  const [generator, discriminator] = architectures(work).map(countParameters) as [number, number];
  return { generator, discriminator };
}

/**
 * Multiplications of a step, over those of the preset's. A pass with the gradients for the weights and the input counts
 * three times its forward pass: the discriminator has one for x and each fake batch, and two thirds of one to judge the fakes.
 */
export function relativeWork(work: Work): number {
  return multiplications(work) / multiplications(PRESET);
}

function multiplications(work: Work): number {
  const [generator, discriminator] = architectures(work).map(ofSample) as [number, number];
  const { batch, generators } = work;
  return batch * (discriminator * (3 + 5 * generators) + generator * 3 * generators);
}

function architectures(work: Work): Architecture[] {
  return ['generator-1', 'discriminator'].map((role) => architectureOf(role, configOf(work), sampleOf(work)));
}

/** Of a forward pass of one sample. */
function ofSample(architecture: Architecture): number {
  const kernels = new Map(
    parametersOf(architecture).map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]),
  );
  let [sum, shape] = [0, architecture.input];
  for (const layer of architecture.layers) {
    const output = outputShape(layer, shape);
    const kernel = 'name' in layer ? (kernels.get(`${layer.name}/kernel`) ?? 0) : 0;
    // A kernel is applied at every place of the smaller of the two images.
    const [height = 1, width = 1] = layer.kind === 'deconv' ? shape : layer.kind === 'conv' ? output : [];
    sum += kernel * height * width;
    shape = output;
  }
  return sum;
}
