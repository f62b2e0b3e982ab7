/** What `npm test` does before the tests, for those that look at our files with Python. */
import { preparePython } from './python.js';

process.stdout.write(`safetensors for Python: ${await preparePython()}\n`);
