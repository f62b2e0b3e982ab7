import { test } from 'node:test';
import type { Engine } from '../../../../gan/engine/index.js';
import type { Architecture, Layer } from '../../../../gan/network/architecture.js';
import { Pass } from '../../../../gan/network/network.js';
import { SpectralNorm } from '../../../../gan/network/spectral-norm.js';
import { type ReferenceTensor, assertClose, floats, readReference } from '../../../support/numbers/reference.js';

type Arrays = Record<string, ReferenceTensor>;

interface SpectralReference {
  given: Record<'kernel' | 'bias' | 'u' | 'v' | 'input' | 'upstream' | 'change', ReferenceTensor>;
  u: ReferenceTensor;
  v: ReferenceTensor;
  /** Normalised. */
  kernel: ReferenceTensor;
  first: Arrays;
  later: Arrays;
}

/** Sums of up to 48 products in float32. */
const TOLERANCE = 1e-5;

export function testSpectralNorm(engine: Engine): void {
  const tensor = (from: ReferenceTensor) => engine.tf.tensor(floats(from), from.shape, 'float32');
  const layers: Record<string, Layer> = {
    conv: { kind: 'conv', name: 'layer', filters: 5 },
    dense: { kind: 'dense', name: 'layer', units: 4, bias: true },
    'dense-to-one': { kind: 'dense', name: 'layer', units: 1, bias: true },
  };

  for (const [name, layer] of Object.entries(layers)) {
    test(`${name}: u, v, the kernel, outputs and every gradient are torch.nn.utils.spectral_norm's, training and evaluating`, () => {
      const { given, first, later, ...expected } = readReference<Record<string, SpectralReference>>('spectral')[
        name
      ] as SpectralReference;
      const architecture: Architecture = { input: given.input.shape.slice(1), layers: [layer], spectralNorm: true };
      const spectralNorm = new SpectralNorm(engine, architecture);
      const weights = Object.fromEntries(
        (['kernel', 'bias', 'u', 'v'] as const).map((part) => [`layer/${part}`, tensor(given[part])]),
      );

      const run = (own: typeof weights, vectors: typeof weights, reference: Arrays, when: string) => {
        using computing = spectralNorm.normalise(own, vectors);
        using pass = new Pass(engine, architecture, computing.weights, tensor(given.input), true);
        const close = (found: ArrayLike<number>, what: string) =>
          assertClose(found, reference[what]?.values ?? [], TOLERANCE, `${what}, ${when}`);
        close(pass.values(), 'output');
        const found = pass.gradients(floats(given.upstream), { weights: true, input: true });
        close(found.input?.dataSync() ?? [], 'inputGradient');
        const gradients = computing.gradients(found.weights);
        close(gradients['layer/kernel']?.dataSync() ?? [], 'kernelGradient');
        close(gradients['layer/bias']?.dataSync() ?? [], 'biasGradient');
        return computing.weights['layer/kernel']?.dataSync() ?? [];
      };

      const vectors = spectralNorm.iterate(weights);
      const normalised = run(weights, vectors, first, 'training');
      assertClose(normalised, expected.kernel.values, TOLERANCE, 'normalised kernel');
      assertClose(vectors['layer/u']?.dataSync() ?? [], expected.u.values, TOLERANCE, 'u');
      assertClose(vectors['layer/v']?.dataSync() ?? [], expected.v.values, TOLERANCE, 'v');
      const changed = { ...weights, 'layer/kernel': tensor(given.kernel).add(tensor(given.change)) };
      run(changed, vectors, later, 'evaluating with changed weights and the vectors as they were');
    });
  }
}
