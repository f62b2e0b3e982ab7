import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { NEEDS_GO, loadCompose } from '../support/deploy/compose.js';
import { render } from '../support/deploy/manifests.js';
import { scratchFolder } from '../support/machine/scratch.js';

const FILE = fileURLToPath(new URL('../../../deploy/compose.yaml', import.meta.url));

const serviceSchema = z.object({
  image: z.string(),
  command: z.array(z.string()).nullable().default(null),
  user: z.string().optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  secrets: z.array(z.object({ source: z.string(), target: z.string().optional() })).default([]),
  volumes: z
    .array(
      z.object({ type: z.string(), source: z.string(), target: z.string(), read_only: z.boolean().default(false) }),
    )
    .default([]),
  ports: z.array(z.object({ host_ip: z.string().optional(), target: z.int() })).default([]),
  stop_grace_period: z.string().optional(),
});
const projectSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});
type Project = z.output<typeof projectSchema>;

describe('deploy/compose.yaml, as Compose reads it', NEEDS_GO, () => {
  let project: Project;
  before(async () => {
    project = projectSchema.parse(await loadCompose(FILE));
  });
  const service = (name: string) => {
    const found = project.services[name];
    assert(found, `no service ${name}`);
    return found;
  };
  const duet = () => Object.entries(project.services).filter(([, { image }]) => image.startsWith('duet:'));

  test('is a coordinator, three workers, NATS, Prometheus and Grafana, each of one version', () => {
    assert.deepEqual(Object.keys(project.services).sort(), [
      'coordinator',
      'grafana',
      'nats',
      'prometheus',
      'worker-1',
      'worker-2',
      'worker-3',
    ]);
    for (const [name, { image }] of Object.entries(project.services))
      assert.match(image, /:v?\d+\.\d+\.\d+(-\w+)?$/, name);
  });

  test('starts the processes with the arguments that they have in Kubernetes, but for names and folders', async () => {
    const manifests = await render('overlays/local-nats');
    const flag = (argument: string) => /^--[\w-]+/.exec(argument)?.[0] ?? argument;
    for (const [name, { command }] of duet()) {
      const component = name.startsWith('worker') ? 'worker' : name;
      const [container] = manifests.statefulSet(component).spec.template.spec.containers;
      assert(container && command);
      const there = [...container.command, ...container.args];
      // Compose's run has no --device: run.yaml and the default decide, which finds no card.
      const expected = there.map(flag).filter((each) => each !== '--device');
      assert.deepEqual(command.map(flag).sort(), expected.sort(), name);
    }
    const workers = duet().length - 1;
    assert(service('coordinator').command?.includes(`--workers=${workers}`));
    for (const [name] of duet().slice(1)) assert(service(name).command?.includes(`--host=${name}`), name);
  });

  test('gives the processes no rights, no root to write to, and time to stop', () => {
    for (const [name, { user, read_only, cap_drop, stop_grace_period }] of duet()) {
      assert.deepEqual(
        { user, read_only, cap_drop },
        { user: '10001:10001', read_only: true, cap_drop: ['ALL'] },
        name,
      );
      assert.equal(stop_grace_period, name === 'coordinator' ? '45s' : '30s', name);
    }
  });

  test('publishes ports to this machine only', () => {
    const ports = Object.values(project.services).flatMap((each) => each.ports);
    assert.deepEqual(
      ports.map(({ target }) => target).sort((a, b) => a - b),
      [3000, 4222, 8080, 9090, 9464],
    );
    for (const { host_ip, target } of ports) assert.equal(host_ip, '127.0.0.1', String(target));
  });

  test('mounts files that there are, and secrets that its script makes', async () => {
    await using scratch = scratchFolder();
    const made = scratch.path;
    const script = join(dirname(FILE), 'compose', 'secrets.sh');
    const { status, stderr } = spawnSync(script, [made], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    for (const [name, { file }] of Object.entries(project.secrets)) {
      assert.match(file, /compose\/secrets\/[\w.]+$/);
      assert(existsSync(join(made, file.split('/').at(-1) ?? '')), `${script} makes no ${name}`);
    }
    for (const [name, { volumes }] of Object.entries(project.services)) {
      for (const { type, source, read_only } of volumes.filter((each) => each.type === 'bind')) {
        assert(existsSync(resolve(dirname(FILE), source)), `${name}: ${source}`);
        assert.equal(read_only, true, `${name}: ${type} ${source}`);
      }
    }
    for (const { secrets } of Object.values(project.services)) {
      for (const { source } of secrets) assert(project.secrets[source], source);
    }
    certificatesFit(made);
  });

  /** Each service answers to the name that the others dial. */
  function certificatesFit(made: string): void {
    const read = (name: string) => new X509Certificate(readFileSync(join(made, `${name}.crt`)));
    const authority = read('ca');
    for (const [file, hosts] of [
      ['coordinator', ['coordinator']],
      ['nats', ['nats']],
      ['worker', ['worker-1', 'worker-2', 'worker-3']],
    ] as const) {
      const certificate = read(file);
      assert(certificate.verify(authority.publicKey), `${file} is not signed by the authority`);
      for (const host of hosts) {
        assert.equal(certificate.checkHost(host), host);
        service(host);
      }
    }
    assert.equal(statSync(made).mode & 0o077, 0, 'only its owner enters the folder');
  }
});
