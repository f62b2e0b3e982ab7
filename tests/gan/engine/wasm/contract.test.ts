import { wasmEngine } from '../../../support/engine.js';
import { testContract } from '../contract/all.js';

testContract(await wasmEngine());
