import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { compileOptions } from '../../../coordinator/run/config/options.js';
import { runProgram } from '../../../gan/engine/prepare/command.js';
import {
  type Container,
  type Manifests,
  OVERLAYS,
  type StatefulSet,
  component,
  environmentOf,
  flagsOf,
  render,
} from '../../support/deploy/manifests.js';

const root = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const DOCS = readFileSync(root('docs/kubernetes.md'), 'utf8');
const DUET = ['coordinator', 'worker'];

/** Each container of each overlay, named. */
function containers(manifests: Manifests): { set: StatefulSet; container: Container; name: string }[] {
  return manifests.statefulSets.flatMap((set) =>
    set.spec.template.spec.containers.map((container) => ({
      set,
      container,
      name: `${set.metadata.name}/${container.name}`,
    })),
  );
}

test('the overlays that the documentation names are there', () => {
  for (const name of ['local-nats', 'gpu', 'spot', 'monitoring']) assert(OVERLAYS.includes(name), name);
  for (const name of OVERLAYS)
    assert(DOCS.includes(`overlays/${name}`), `docs/kubernetes.md says nothing of overlays/${name}`);
});

for (const overlay of OVERLAYS) {
  describe(`overlay ${overlay}`, () => {
    let manifests: Manifests;
    before(async () => {
      manifests = await render(`overlays/${overlay}`);
    });

    test('has one coordinator, workers that start at once, and NATS', () => {
      assert.equal(manifests.statefulSet('coordinator').spec.replicas, 1);
      assert.equal(manifests.statefulSet('nats').spec.replicas, 1);
      assert.deepEqual(
        manifests.statefulSet('nats').spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
        ['data'],
      );
      for (const set of manifests.statefulSets) {
        if (component(set) === 'worker') assert.equal(set.spec.podManagementPolicy, 'Parallel');
      }
    });

    test('every Pod keeps the restricted standard, and more: no root to write to, no token of the API server', () => {
      assert.equal(
        manifests.only('Namespace', 'duet').metadata.labels['pod-security.kubernetes.io/enforce'],
        'restricted',
      );
      for (const { spec, metadata } of manifests.statefulSets) {
        assert.deepEqual(
          spec.template.spec.securityContext,
          {
            runAsNonRoot: true,
            runAsUser: 10001,
            runAsGroup: 10001,
            fsGroup: 10001,
            fsGroupChangePolicy: 'OnRootMismatch',
            seccompProfile: { type: 'RuntimeDefault' },
          },
          metadata.name,
        );
        assert.equal(spec.template.spec.automountServiceAccountToken, false, metadata.name);
        const account = manifests.only('ServiceAccount', spec.template.spec.serviceAccountName);
        assert.equal(account['automountServiceAccountToken'], false);
        manifests.only('PriorityClass', spec.template.spec.priorityClassName);
      }
      for (const { container, name } of containers(manifests)) {
        assert.deepEqual(
          container.securityContext,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          name,
        );
        assert.equal(container.terminationMessagePolicy, 'FallbackToLogsOnError', name);
      }
      for (const kind of ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']) {
        assert.deepEqual(manifests.ofKind(kind), [], 'Duet asks the API server for nothing');
      }
    });

    test('every container says what it needs and where that ends; a card goes with the overlays for cards', () => {
      for (const { container, set, name } of containers(manifests)) {
        const { requests, limits } = container.resources;
        for (const what of ['cpu', 'memory', 'ephemeral-storage']) {
          assert(requests[what] !== undefined && limits[what] !== undefined, `${name}: ${what}`);
        }
        const cards =
          component(set) === 'worker' && ['gpu', 'gpu-monitoring', 'spot'].includes(overlay) ? 1 : undefined;
        assert.equal(limits['nvidia.com/gpu'], cards, name);
        assert.equal(requests['nvidia.com/gpu'], cards, name);
      }
    });

    test('every container that listens has its three probes, on ports that it has; liveness asks for no readiness', () => {
      for (const { container, name } of containers(manifests)) {
        // The reloader of NATS listens to nothing.
        if (container.ports.length === 0) {
          assert.equal(name, 'nats/reloader');
          continue;
        }
        const { startupProbe, livenessProbe, readinessProbe, ports } = container;
        assert(startupProbe && livenessProbe && readinessProbe, name);
        for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
          assert(
            ports.some((port) => port.name === probe.httpGet.port),
            `${name}: no port ${probe.httpGet.port}`,
          );
        }
        if (DUET.includes(container.name)) {
          assert.equal(livenessProbe.httpGet.path, '/healthz', 'a Pod that waits is not ready, and healthy');
          assert.equal(startupProbe.httpGet.path, '/healthz');
          assert.equal(readinessProbe.httpGet.path, '/readyz');
        }
        // A process that is stopped for half a minute, or a node that swaps, is no reason to lose a role.
        assert(livenessProbe.failureThreshold * livenessProbe.periodSeconds >= 60, name);
      }
    });

    test('no container, volume or image is left to chance: tags are versions, all that is mounted exists', () => {
      const version = (JSON.parse(readFileSync(root('package.json'), 'utf8')) as { version: string }).version;
      for (const { container, set, name } of containers(manifests)) {
        const tag = /:([^:/]+)$/.exec(container.image)?.[1] ?? 'latest';
        assert.match(tag, /^\d+\.\d+\.\d+/, `${name}: ${container.image}`);
        if (DUET.includes(container.name)) assert.match(container.image, new RegExp(`^duet(-cuda)?:${version}$`));
        const { volumes } = set.spec.template.spec;
        const claims = set.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
        for (const mount of container.volumeMounts) {
          const volume = volumes.find((each) => each.name === mount.name);
          assert(volume !== undefined || claims.includes(mount.name), `${name}: ${mount.name}`);
          if (volume?.secret || volume?.configMap) assert.equal(mount.readOnly, true, `${name}: ${mount.name}`);
          // Group of the Pod's fsGroup; nobody else.
          if (volume?.secret) assert.equal(volume.secret.defaultMode, 0o440, name);
          if (volume?.configMap) {
            const wanted = volume.configMap.name;
            assert(
              manifests.ofKind('ConfigMap').some(({ metadata }) => metadata.name === wanted),
              wanted,
            );
          }
        }
      }
    });

    test('every Secret that a Pod reads is made by a Certificate, or the documentation says how', () => {
      const made = manifests
        .ofKind('Certificate')
        .map((certificate) => z.object({ secretName: z.string() }).parse(certificate['spec']).secretName);
      const used = manifests.statefulSets.flatMap(({ spec }) =>
        spec.template.spec.volumes.flatMap(({ secret }) => secret?.secretName ?? []),
      );
      assert(used.length >= 5, 'a token each and a certificate each');
      for (const name of used) {
        assert(
          made.includes(name) || DOCS.includes(`create secret generic ${name} `),
          `nobody makes the Secret ${name}`,
        );
      }
      assert.deepEqual(manifests.ofKind('Secret'), [], 'no secret is in the repository');
    });

    test('the processes take their arguments: flags of the command line, and values that it accepts', async () => {
      for (const { container, set } of containers(manifests).filter((each) => DUET.includes(each.container.name))) {
        const [command = ''] = container.command;
        const bin = root(`${command}/bin/${command}.js`);
        const { output } = await runProgram(process.execPath, [bin, container.args[0] ?? '', '--help'], {
          env: process.env,
        });
        const known = [...output.matchAll(/^ {2}(?:-\w, )?--([a-z0-9-]+)/gm)].map(([, flag]) => flag);
        const flags = flagsOf(container, environmentOf(manifests, set, container, `${set.metadata.name}-0`));
        for (const flag of flags.keys())
          assert(known.includes(flag), `${command} ${container.args[0]} has no --${flag}`);
        assert.doesNotMatch([...flags.values()].join(' '), /[?$]/, 'every variable in an argument has a value');
        if (command === 'coordinator') acceptsRun(manifests, flags);
      }
    });

    test('a clean stop fits into the grace period that Kubernetes gives', () => {
      const { set, container } = containers(manifests).find(({ name }) => name === 'coordinator/coordinator') ?? {};
      assert(set && container);
      const { settings } = compileOptions({});
      assert(!container.args.some((arg) => arg.startsWith('--grace')));
      assert(
        set.spec.template.spec.terminationGracePeriodSeconds >= settings.grace + 20,
        'and the last checkpoint goes to NATS',
      );
      // The worker ends its process 5 s after a step, at the latest.
      const worker = manifests.statefulSet('worker').spec.template.spec.terminationGracePeriodSeconds;
      assert(worker >= 15 && worker <= 30, `${worker}`);
    });

    test('a drain takes one Pod of a kind at a time, and is held up by none that only waits', () => {
      const schema = z.object({
        maxUnavailable: z.literal(1),
        unhealthyPodEvictionPolicy: z.literal('AlwaysAllow'),
        selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
      });
      const budgets = manifests.ofKind('PodDisruptionBudget').map((budget) => schema.parse(budget['spec']));
      for (const set of manifests.statefulSets) {
        const { labels } = set.spec.template.metadata;
        const mine = budgets.filter(({ selector }) =>
          Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value),
        );
        assert.equal(mine.length, 1, `${set.metadata.name}: Kubernetes evicts no Pod of two budgets`);
      }
    });
  });
}

/** What the coordinator is told, by file and by flags, is a run that it would start. */
function acceptsRun(manifests: Manifests, flags: ReadonlyMap<string, string>): void {
  const given = Object.fromEntries(
    [...flags]
      .filter(([flag]) => !['config', 'out', 'continue'].includes(flag))
      .map(([flag, value]) => [
        flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
        value === '' ? true : /^\d+$/.test(value) ? Number(value) : value,
      ]),
  );
  const file = parse(manifests.config('duet-config')['run.yaml'] ?? '') as Record<string, unknown>;
  const { training, settings } = compileOptions({ ...file, ...given });
  assert.equal(training.generators, manifests.statefulSet('worker').spec.replicas - 1);
  assert.equal(settings.placement, 'external');
  assert.equal(settings.stay, true);
  assert.equal(settings.insecure, false);
  assert(settings.tlsCert && settings.tlsKey && settings.tlsCa && settings.tokenFile);
  assert(settings.threads !== undefined, "threads are part of the result's bits: not the node's business");
  assert.match(flags.get('out') ?? '', /^\/var\/lib\/duet\/runs\/[\w-]+$/);
}
