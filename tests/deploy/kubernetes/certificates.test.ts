import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PeerCertificate } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import { z } from 'zod';
import { type Manifests, environmentOf, flagsOf, render, renderMine } from '../../support/deploy/manifests.js';

const certificateSchema = z.object({
  secretName: z.string(),
  dnsNames: z.array(z.string()).default([]),
  isCA: z.boolean().default(false),
  duration: z.string(),
  renewBefore: z.string(),
  usages: z.array(z.string()),
  privateKey: z.object({ rotationPolicy: z.literal('Always'), algorithm: z.literal('ECDSA'), size: z.literal(256) }),
  issuerRef: z.object({ name: z.string(), kind: z.literal('Issuer') }),
});

const certificate = (manifests: Manifests, name: string) =>
  certificateSchema.parse(manifests.only('Certificate', name)['spec']);

/** As Node's TLS client decides, which gRPC and the NATS client are on. */
function covers(dnsNames: readonly string[], host: string): boolean {
  const subjectaltname = dnsNames.map((name) => `DNS:${name}`).join(', ');
  return checkServerIdentity(host, { subject: { CN: '' }, subjectaltname } as unknown as PeerCertificate) === undefined;
}

const hostOf = (address: string) => address.replace(/^\w+:\/\//, '').replace(/:\d+$/, '');

/** Every name that the configuration dials, with whose certificate answers there. */
function dialled(manifests: Manifests): [string, string][] {
  const flags = (name: string, podName = `${name}-0`) => {
    const set = manifests.statefulSet(name);
    const [container] = set.spec.template.spec.containers;
    assert(container);
    return flagsOf(container, environmentOf(manifests, set, container, podName));
  };
  return [
    ['duet-nats', hostOf(flags('coordinator').get('store') ?? '')],
    ['duet-coordinator', hostOf(flags('worker').get('coordinator') ?? '')],
    ...['worker-0', 'worker-11', 'worker-spare-0'].map((pod): [string, string] => [
      'duet-worker',
      flags('worker', pod).get('host') ?? '',
    ]),
  ];
}

describe('certificates', () => {
  test('hold every name that the configuration dials, and only names of their own', async () => {
    const manifests = await render('overlays/local-nats');
    for (const [name, host] of dialled(manifests)) {
      const { dnsNames } = certificate(manifests, name);
      assert(covers(dnsNames, host), `${name} (${dnsNames.join(', ')}) does not answer for ${host}`);
      for (const other of ['duet-nats', 'duet-coordinator', 'duet-worker'].filter((each) => each !== name)) {
        assert(!covers(certificate(manifests, other).dnsNames, host), `${other} answers for ${host}, too`);
      }
    }
  });

  test('in another namespace hold the names there', async () => {
    const manifests = await renderMine(`
namespace: second
resources: [../../base]
components: [../../components/nats]
transformers: [../../settings]
`);
    assert.deepEqual(
      manifests.ofKind('Namespace').map(({ metadata }) => metadata.name),
      ['second'],
    );
    const hosts = dialled(manifests);
    assert(hosts.some(([, host]) => host === 'worker-0.worker.second.svc'));
    for (const [name, host] of hosts) assert(covers(certificate(manifests, name).dnsNames, host), `${name}: ${host}`);
    assert(!JSON.stringify(manifests.ofKind('Certificate')).includes('.duet.'));
  });

  test('are renewed a month before they end, with a new key, and come from an authority of the namespace alone', async () => {
    const manifests = await render('overlays/local-nats');
    const issuers = manifests.ofKind('Issuer').map(({ metadata }) => metadata.name);
    assert.deepEqual(issuers.sort(), ['duet-ca', 'duet-selfsigned']);
    const hours = (text: string) => Number(/^(\d+)h$/.exec(text)?.[1]);
    for (const { metadata } of manifests.ofKind('Certificate')) {
      const { isCA, duration, renewBefore, issuerRef, usages } = certificate(manifests, metadata.name);
      assert(hours(renewBefore) >= 720 && hours(renewBefore) < hours(duration) / 2, metadata.name);
      assert.equal(issuerRef.name, isCA ? 'duet-selfsigned' : 'duet-ca', metadata.name);
      if (!isCA) assert(!usages.includes('cert sign'), metadata.name);
    }
    // A server that cannot be a client, a person's that cannot be a server; those between them are both.
    const usages = (name: string) => certificate(manifests, name).usages.filter((usage) => / auth$/.test(usage));
    assert.deepEqual(usages('duet-nats'), ['server auth']);
    assert.deepEqual(usages('duet-reader'), ['client auth']);
    for (const name of ['duet-coordinator', 'duet-worker'])
      assert.deepEqual(usages(name), ['server auth', 'client auth']);
  });

  test('are the users of NATS: each user of its configuration is a name in one, and the workers are none', async () => {
    const manifests = await render('overlays/local-nats');
    const users = [...(manifests.config('nats-config')['nats.conf'] ?? '').matchAll(/^\s+user: (\S+)$/gm)].map(
      ([, user]) => user,
    );
    assert.deepEqual(users, ['coordinator', 'reader']);
    for (const user of users) {
      const owners = manifests
        .ofKind('Certificate')
        .filter(({ metadata }) => certificate(manifests, metadata.name).dnsNames.includes(user ?? ''));
      assert.deepEqual(
        owners.map(({ metadata }) => metadata.name),
        [`duet-${user}`],
      );
    }
  });
});
