/** `npm run manifests`: writes the manifests anew that follow from other files of the repository. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, manifests } from './files.js';

for (const [path, content] of manifests()) {
  writeFileSync(join(ROOT, path), content);
  process.stdout.write(`${path}\n`);
}
