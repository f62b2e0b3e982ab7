// `npm test`: types and import rules, then every test, each file in a process of its own (the native engine may be loaded
// by one thread of a process only). Names of folders or files after `--` choose some of them.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './build.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const chosen = process.argv.slice(2);

// Not what lies in node_modules/.bin: Windows has commands of its shell there, which cannot be spawned.
function run(program, args) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', program), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

if (chosen.length === 0) {
  process.stdout.write('types and import rules ...\n');
  for (const project of ['.', 'coordinator/page/browser', 'coordinator/export-page/browser'])
    run('typescript/bin/tsc', ['--noEmit', '-p', project]);
  run('eslint/bin/eslint.js', ['.', '--cache', '--cache-location', 'node_modules/.cache/eslint/']);
}
await build();
const files = readdirSync(join(root, 'dist', 'tests'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => chosen.length === 0 || chosen.some((part) => file.replaceAll('\\', '/').includes(part)))
  .map((file) => join(root, 'dist', 'tests', file))
  .sort();
// An empty list would be every file that Node finds.
if (files.length === 0) {
  process.stderr.write(`no test file has ${chosen.join(' or ')} in its path: name a folder or file below tests/\n`);
  process.exit(2);
}
// Once, before the tests: several that want the same thing prepared would wait for each other. Kubernetes takes minutes, the
// first time: for those only who want it.
const coordinator = 'coordinator/bin/coordinator.js';
const kubernetes = files.some((file) => file.includes(join('tests', 'kubernetes')));
for (const [script, ...args] of [
  [coordinator, 'engine', '--device', 'cpu'],
  [coordinator, 'features'],
  ['dist/tests/support/numbers/prepare-python.js'],
  ...(kubernetes ? [['dist/tests/support/deploy/prepare-kubernetes.js']] : []),
]) {
  process.stdout.write(`${[basename(script, '.js'), ...args].join(' ')} ...\n`);
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// One file at a time: many train with three processes on what may be two cores. A test or a file that hangs is a failure.
const HANGS_MS = 300_000;
// Modules are named by URL: C: would be taken for a scheme.
const moduleOf = (script) => pathToFileURL(join(root, 'scripts', script)).href;
const args = ['--import', moduleOf('leave-at-exit.js'), '--test', '--test-concurrency=1', `--test-timeout=${HANGS_MS}`];
const list = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
const counts = ['--test-reporter', moduleOf('count-reporter.js'), '--test-reporter-destination=stdout'];
// A group of its own: what a test that hung has left running ends with it. Windows has trees instead.
const windows = process.platform === 'win32';
const child = spawn(process.execPath, [...args, ...list, ...counts, ...files], {
  cwd: root,
  stdio: 'inherit',
  detached: !windows,
});
const end = () => {
  try {
    if (!windows) process.kill(-child.pid, 'SIGKILL');
    else if (child.exitCode === null)
      spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
  } catch {
    // nothing is left of it
  }
};
process.on('exit', end);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
child.on('exit', (code) => process.exit(code ?? 1));
