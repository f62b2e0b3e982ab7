/** `npm run dashboards`: writes dashboards/generated/ anew. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { files } from './files.js';

/** dist/dashboards/ lies two levels below the package's root. */
const folder = fileURLToPath(new URL('../../dashboards/generated/', import.meta.url));

mkdirSync(folder, { recursive: true });
const made = files();
for (const name of readdirSync(folder)) if (!made.has(name)) rmSync(join(folder, name));
for (const [name, content] of made) {
  writeFileSync(join(folder, name), content);
  process.stdout.write(`dashboards/generated/${name}\n`);
}
