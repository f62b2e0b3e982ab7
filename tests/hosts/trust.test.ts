/** A run over four hosts under mutual TLS, on addresses that others reach; a host without a certificate stays outside. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { trustArgs } from '../../common/trust/files.js';
import { startCluster } from '../support/hosts/cluster.js';
import { makeHosts, whyNoHosts } from '../support/hosts/hosts.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { readJournal, until } from '../support/runs/run.js';
import { OPTIONS, assertSameBits, mounted } from '../support/runs/trusted-run.js';
import { makeAuthority } from '../support/wire/certificates.js';
import { WORKER } from '../support/wire/control-peer.js';

const scratch = scratchFolder();
after(() => scratch[Symbol.asyncDispose]());

test(
  'with mutual TLS a run needs no --insecure on addresses that others reach, keeps out who has no certificate, and ends with the bits of a local one',
  { skip: whyNoHosts() },
  async () => {
    const out = join(scratch.path, 'hosts');
    using hosts = makeHosts(5);
    const authority = await makeAuthority();
    const files = await Promise.all(
      [0, 1, 2, 3].map((host) =>
        mounted(join(scratch.path, 'tls'), `host-${host}`, authority, { names: [hosts.addressOf(host)] }),
      ),
    );
    const listen = ['--listen', '0.0.0.0', '--port', '50052'];
    const cluster = await startCluster(hosts, 3, out, ['--steps', '1000000', ...OPTIONS], (host) => [
      ...trustArgs(files[host]),
      ...(host === 0 ? [] : listen),
    ]);
    const committed = () => readJournal(out, 'metrics.jsonl').length;
    await until('steps', () => committed() >= 10);
    // The token alone opens nothing.
    const where = ['--coordinator', `${hosts.addressOf(0)}:50051`, '--token-file', join(out, 'token')];
    const own = ['--host', hosts.addressOf(4), '--insecure'];
    const outsider = hosts.exec(4, [process.execPath, WORKER, 'join', ...where, ...own], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    outsider.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('it to be refused', () => said.includes('it may want TLS'));
    const joined = cluster.events().filter(({ event }) => event === 'worker-joined');
    assert.equal(joined.length, 3);
    const run = { child: cluster.coordinator, ended: cluster.ended };
    const { stderr } = await assertSameBits(out, run, join(scratch.path, 'local'));
    assert.match(stderr, new RegExp(`refused a connection from ${hosts.addressOf(4)}: what it sends is not TLS`));
  },
);
