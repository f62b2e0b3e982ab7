import { testEngine } from '../../../support/numbers/engine.js';
import { testContract } from '../contract/all.js';

testContract(await testEngine());
