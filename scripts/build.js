// Compiles the TypeScript sources to dist/, file by file, when a source is newer than the last build; what runs in a browser, and
// the library that it uses, into one file.
// Plain JavaScript and quick (about 50 ms when there is nothing to do less), because every command passes here:
// npm's install scripts are off (see .npmrc), so there is no other moment at which a fresh clone could be built.
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { move } from './move.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['bench', 'common', 'coordinator', 'dashboards', 'deploy', 'gan', 'proto', 'tests', 'worker'];
// Compiled for a browser, each with its style sheet and its document: the live page, and the page that an export writes, which
// is opened by double click too, where a browser loads no modules.
const pages = [
  { browser: 'coordinator/page/browser', assets: 'coordinator/page/assets', format: 'esm' },
  { browser: 'coordinator/export-page/browser', assets: 'coordinator/export-page/assets', format: 'iife' },
];
const isOfPage = (path) => pages.some(({ browser }) => path.startsWith(`${browser}/`));

function sources() {
  const found = [];
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (isOfPage(path)) found.push(path);
      else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')) found.push(path);
    }
  };
  const here = new Set(readdirSync(root));
  for (const folder of folders) if (here.has(folder)) visit(folder);
  return found.sort();
}

/** Names and times of every source: what a build is made from. */
function fingerprint(files) {
  return files.map((file) => `${file} ${statSync(join(root, file)).mtimeMs}`).join('\n');
}

/** Brings dist/ up to date. Safe when several processes do it at once: the finished tree is moved into place. */
export async function build() {
  const files = sources();
  const wanted = fingerprint(files);
  const stamp = join(root, 'dist', 'sources.txt');
  try {
    if (readFileSync(stamp, 'utf8') === wanted) return;
  } catch {
    // never built
  }
  const { build: compile } = await import('esbuild');
  const staging = join(root, `dist.${process.pid}`);
  await compile({
    absWorkingDir: root,
    entryPoints: files.filter((file) => !isOfPage(file)),
    outdir: staging,
    outbase: '.',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    logLevel: 'error',
  });
  for (const { browser, assets, format } of pages) {
    await compile({
      absWorkingDir: root,
      entryPoints: [
        { in: `${browser}/main.ts`, out: 'page' },
        { in: `${browser}/page.css`, out: 'page' },
      ],
      outdir: join(staging, assets),
      bundle: true,
      format,
      target: 'es2022',
      minify: true,
      legalComments: 'inline',
      logLevel: 'error',
    });
    copyFileSync(join(root, browser, 'index.html'), join(staging, assets, 'index.html'));
  }
  writeFileSync(join(staging, 'sources.txt'), wanted);
  const previous = join(root, `dist.${process.pid}.old`);
  try {
    await move(join(root, 'dist'), previous);
  } catch {
    // first build, or another process is replacing it
  }
  try {
    await move(staging, join(root, 'dist'));
  } catch {
    // another process moved the same build into place first
    rmSync(staging, { recursive: true, force: true });
  }
  rmSync(previous, { recursive: true, force: true });
}

// By its real path: in macOS /tmp is a link.
const [, started = ''] = process.argv;
if (existsSync(started) && realpathSync(started) === fileURLToPath(import.meta.url)) await build();
