/**
 * The settings A to F that the SNGAN paper (Miyato et al. 2018, table 1) tries every method with:
 * Adam's step size and decay rates, and how often the discriminator is updated a step.
 */
export const SETTING_NAMES = ['A', 'B', 'C', 'D', 'E', 'F'] as const;

export interface Setting {
  learningRate: number;
  beta1: number;
  beta2: number;
  /** n_dis */
  discriminatorSteps: number;
}

/** A: WGAN-GP's, B: Warde-Farley and Bengio's, C: DCGAN's and the default here; D to F: larger steps. */
export const SETTINGS: Readonly<Record<(typeof SETTING_NAMES)[number], Setting>> = {
  A: { learningRate: 1e-4, beta1: 0.5, beta2: 0.9, discriminatorSteps: 5 },
  B: { learningRate: 1e-4, beta1: 0.5, beta2: 0.999, discriminatorSteps: 1 },
  C: { learningRate: 2e-4, beta1: 0.5, beta2: 0.999, discriminatorSteps: 1 },
  D: { learningRate: 1e-3, beta1: 0.5, beta2: 0.9, discriminatorSteps: 5 },
  E: { learningRate: 1e-3, beta1: 0.5, beta2: 0.999, discriminatorSteps: 5 },
  F: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, discriminatorSteps: 5 },
};
