/** From a run's config and its data to the network of a role: the one place where the two meet. */
import { type Architecture, discriminatorArchitecture, generatorArchitecture } from './architecture.js';
import type { TrainingConfig } from '../config.js';

/** The part of a config that decides what the networks look like. */
export type NetworkConfig = Pick<TrainingConfig, 'latent' | 'width' | 'generatorWidth' | 'spectralNorm'>;

/**
 * @param role discriminator or generator-k; all generators look alike
 * @param sample shape of one data sample: [height, width, channels] or [coordinates]
 * @throws UsageError when images of that size cannot be generated
 */
export function architectureOf(role: string, config: NetworkConfig, sample: readonly number[]): Architecture {
  const { latent, width, generatorWidth, spectralNorm } = config;
  return role === 'discriminator'
    ? { ...discriminatorArchitecture({ sample, latent, width }), spectralNorm }
    : generatorArchitecture({ sample, latent, width: width * generatorWidth });
}
