/** The wasm engine, held against PyTorch: what every engine must be able to do. */
import { wasmEngine } from '../../../support/engine.js';
import { testAdam } from '../contract/adam.js';
import { testLayers } from '../contract/layers.js';
import { testSigma } from '../contract/sigma.js';
import { testSpectralNorm } from '../contract/spectral-norm.js';
import { testSystems } from '../contract/systems.js';
import { testTenSteps } from '../contract/ten-steps.js';

const engine = await wasmEngine();

testAdam(engine);
testLayers(engine);
testSigma(engine);
testSpectralNorm(engine);
testSystems(engine);
testTenSteps(engine);
