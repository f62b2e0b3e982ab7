// `npm run fuzz -- --runs N --seed S`
import { build } from './build.js';

await build();
await import('../dist/tests/fuzz/main.js');
