import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { engineFolder } from '../../gan/engine/prepare/prepared.js';
import { NEEDS_HADOLINT, hadolint } from '../support/deploy/hadolint.js';
import { render } from '../support/deploy/manifests.js';

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(path(name), 'utf8');
const DOCKERFILE = 'deploy/image/Dockerfile';
/** Instructions, with the lines that a backslash joins. */
const instructions = read(DOCKERFILE)
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
const last = (word: string) => instructions.findLast((line) => line.startsWith(`${word} `))?.slice(word.length + 1);

describe('the Dockerfile', () => {
  test('is one that hadolint has nothing to say about', NEEDS_HADOLINT, async () => {
    assert.equal(await hadolint(path(DOCKERFILE)), '');
  });

  test('runs the scripts that the proof runs, and nothing else', () => {
    const scripts = instructions
      .filter((line) => line.startsWith('RUN '))
      .map((line) => /deploy\/image\/(\w+\.sh)/.exec(line)?.[1]);
    assert.deepEqual(scripts, ['tools.sh', 'build.sh']);
    const proof = read('deploy/image/prove.sh');
    for (const script of scripts) {
      assert(proof.includes(`deploy/image/${script}`), `prove.sh does not run ${script}`);
      assert(statSync(path(`deploy/image/${script}`)).mode & 0o100, `${script} cannot be executed`);
    }
  });

  test('starts from images of one version each, of which a user can name others', () => {
    const arguments_ = new Map(
      instructions
        .flatMap((line) => /^ARG (\w+)=(.*)$/.exec(line)?.slice(1, 3).join('\0') ?? [])
        .map((text) => text.split('\0') as [string, string]),
    );
    const bases = instructions
      .filter((line) => line.startsWith('FROM '))
      .map((line) => /\$\{(\w+)\}/.exec(line)?.[1] ?? '');
    assert.deepEqual(bases, ['NODE_IMAGE', 'BASE_IMAGE']);
    assert.match(arguments_.get('NODE_IMAGE') ?? '', /^node:\d+\.\d+\.\d+-bookworm-slim$/);
    // Distroless has no versions, only Debian's; docs/image.md says how to pin its digest.
    assert.match(arguments_.get('BASE_IMAGE') ?? '', /\/cc-debian12:nonroot$/);
    assert.equal(arguments_.get('VERSION'), (JSON.parse(read('package.json')) as { version: string }).version);
  });

  test('leaves an image of the user, the folders and the ports that the manifests count on', async () => {
    assert.equal(last('USER'), '10001:10001');
    assert.equal(last('WORKDIR'), '/var/lib/duet');
    assert.equal(last('HEALTHCHECK'), 'NONE');
    const environment = Object.fromEntries(
      [...(last('ENV') ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
    );
    assert(engineFolder(environment, 'cpu').startsWith('/opt/duet/engine/'));
    const ports = (await render('overlays/local-nats')).statefulSets
      .filter(({ metadata }) => metadata.name !== 'nats')
      .flatMap(({ spec }) => spec.template.spec.containers.flatMap((container) => container.ports))
      .map(({ containerPort }) => containerPort);
    assert.deepEqual([...new Set(ports)].sort(), last('EXPOSE')?.split(' ').map(Number).sort());
  });

  test('gets as its context the sources of the program, and neither tests nor what lies about', () => {
    const [everything, ...wanted] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(everything, '*');
    const names = wanted.map((line) => line.replace(/^!/, ''));
    assert(
      wanted.every((line) => line.startsWith('!')),
      'only exceptions',
    );
    for (const name of names) statSync(path(name));
    // What assemble.sh takes of dist/, it has the sources of.
    const taken = /cp -R (dist\/.*) "\$duet\/dist\/"/.exec(read('deploy/image/assemble.sh'))?.[1]?.split(' ') ?? [];
    assert(taken.length >= 5);
    for (const folder of taken) assert(names.includes(folder.replace('dist/', '')), folder);
    for (const name of ['tests', '.git', 'node_modules', 'runs', 'deploy']) assert(!names.includes(name), name);
  });
});
