/** What every engine must be able to do, held against PyTorch. */
import type { Engine } from '../../../../gan/engine/index.js';
import { testAdam } from './adam.js';
import { testLayers } from './layers.js';
import { testSigma } from './sigma.js';
import { testSpectralNorm } from './spectral-norm.js';
import { testSystems } from './systems.js';
import { testTenSteps } from './ten-steps.js';

export function testContract(engine: Engine): void {
  testAdam(engine);
  testLayers(engine);
  testSigma(engine);
  testSpectralNorm(engine);
  testSystems(engine);
  testTenSteps(engine);
}
