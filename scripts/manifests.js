import { build } from './build.js';

await build();
await import('../dist/deploy/manifests/main.js');
