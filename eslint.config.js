import { globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Which folder may import what: the architecture, kept by lint (shared design, "who may import whom"). */
const door = (group, message) => ({ group, message });
const TFJS = door(['@tensorflow/*'], 'Only gan/engine/ imports tfjs: go through gan/engine/index.js.');
const GRPC = door(['@grpc/*'], 'Only common/rpc.ts, common/rpc/ and proto/ import gRPC.');
const PINO = door(['pino', 'pino-pretty'], 'Only common/log/log.ts imports pino: go through createLog.');
const COORDINATOR = door(['**/coordinator/**'], 'worker/ and gan/ know nothing of the coordinator.');
const WORKER = door(['**/worker/**'], 'coordinator/ and gan/ know nothing of the workers.');
const GRAFANA = door(['@grafana/*'], 'Only dashboards/ imports the Grafana SDK.');
const UPLOT = door(['uplot', 'uplot/*'], 'Only the code of the page in the browser imports uPlot.');
const PLAYWRIGHT = door(['playwright-core'], 'Only tests/support/pages/browser.ts imports Playwright.');
const NATS = door(
  ['@nats-io/*'],
  'Only coordinator/store/nats/ and tests/support/stores/nats-client.ts import the NATS client.',
);
const NODE = door(['node:*'], 'The folders browser/ run in a browser.');
const BUILTINS = door(
  ['node:net', 'node:http*', 'node:dgram', 'node:tls', 'node:dns', 'node:worker_threads'],
  'gan/ has no network and no threads.',
);

const restrict = (files, ...patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

export default tseslint.config(
  globalIgnores(['dist/', 'dist.*/', 'node_modules/', 'proto/generated/', 'runs/']),
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', '*/bin/*.js', 'scripts/*.js'] } },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // tfjs's d.ts types an absent tensor dimension as present; ours say what noUncheckedIndexedAccess knows.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: ['test', 'describe', 'it'], package: 'node:test' }] },
      ],
      // Our option objects are plain data with functions in them; they are made to be taken apart.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'Named exports only.' }],
    },
  },
  restrict(['bench/**', 'tests/**'], TFJS, NATS, GRPC, GRAFANA, PINO, UPLOT, PLAYWRIGHT),
  restrict(['tests/support/pages/browser.ts'], TFJS, NATS, GRPC, GRAFANA, PINO, UPLOT),
  restrict(['tests/support/stores/nats-client.ts'], TFJS, GRPC, GRAFANA, PINO, UPLOT, PLAYWRIGHT),
  restrict(['common/**'], TFJS, NATS, GRPC, GRAFANA, PINO, UPLOT, PLAYWRIGHT, COORDINATOR, WORKER),
  restrict(['coordinator/**'], TFJS, NATS, GRPC, GRAFANA, PINO, UPLOT, PLAYWRIGHT, WORKER),
  restrict(['coordinator/store/nats/**'], TFJS, GRPC, GRAFANA, PINO, UPLOT, PLAYWRIGHT, WORKER),
  restrict(['coordinator/page/browser/**'], TFJS, NATS, GRPC, GRAFANA, PINO, PLAYWRIGHT, WORKER, NODE),
  restrict(['coordinator/export-page/browser/**'], TFJS, NATS, GRPC, GRAFANA, PINO, UPLOT, PLAYWRIGHT, WORKER, NODE),
  // Types alone: the page has tfjs as a script of its own.
  restrict(
    ['coordinator/export-page/browser/tensorflow.ts'],
    NATS,
    GRPC,
    GRAFANA,
    PINO,
    UPLOT,
    PLAYWRIGHT,
    WORKER,
    NODE,
  ),
  restrict(['worker/**'], TFJS, NATS, GRPC, GRAFANA, PINO, COORDINATOR),
  restrict(['gan/**'], TFJS, NATS, GRPC, GRAFANA, PINO, COORDINATOR, WORKER, BUILTINS),
  {
    files: ['gan/**'],
    ignores: ['gan/engine/**'],
    rules: {
      'no-restricted-globals': ['error', { name: 'performance', message: 'gan/ has no clock.' }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'gan/ has no environment.' },
        { object: 'Date', property: 'now', message: 'gan/ has no clock.' },
        { object: 'Math', property: 'random', message: 'Random numbers follow from the seed: gan/random.ts.' },
      ],
    },
  },
  restrict(['gan/engine/**'], NATS, GRPC, GRAFANA, PINO, COORDINATOR, WORKER),
  restrict(['common/log/log.ts'], TFJS, NATS, GRPC, GRAFANA, UPLOT, PLAYWRIGHT, COORDINATOR, WORKER),
  restrict(['common/rpc.ts', 'common/rpc/**'], TFJS, NATS, GRAFANA, PINO, COORDINATOR, WORKER),
  restrict(['proto/**'], TFJS, NATS, GRAFANA, PINO, COORDINATOR, WORKER),
  restrict(['dashboards/**'], TFJS, NATS, GRPC, PINO, COORDINATOR, WORKER),
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
