/** What a client that is not grpc-js sees of a server's windows, with and without TLS. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { listen } from '../../common/rpc.js';
import { FLOW_CONTROL_WINDOW } from '../../common/rpc/flow-control.js';
import { Trust } from '../../common/trust/trust.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { until } from '../support/runs/run.js';
import { makeAuthority, secretFolder } from '../support/wire/certificates.js';

/** RFC 9113, 6.9.2. */
const DEFAULT_WINDOW = 65_535;
const WINDOWS = { stream: FLOW_CONTROL_WINDOW, connection: FLOW_CONTROL_WINDOW };

const scratch = scratchFolder();

/** That the server tells a client that connects. */
async function windowsOf(scheme: 'http' | 'https', trust: Trust | undefined, options: object) {
  const handlers = { Exchange: () => {} };
  await using server = await listen({ service: 'Exchange', handlers, host: '127.0.0.1', port: 0, trust });
  const session = connect(`${scheme}://${server.address}`, options);
  try {
    const connection = () => session.state.remoteWindowSize ?? 0;
    await until("the connection's window", () => connection() > DEFAULT_WINDOW);
    return { stream: session.remoteSettings.initialWindowSize, connection: connection() };
  } finally {
    session.destroy();
  }
}

test('a server takes 8 MiB before the sender must wait: of a stream, and of the connection', async () => {
  assert.deepEqual(await windowsOf('http', undefined, {}), WINDOWS);
});

test('so it does under mutual TLS', async () => {
  const authority = await makeAuthority();
  const files = secretFolder(join(scratch.path, 'duet'), await authority.issue('duet'), authority.pem);
  const trust = Trust.open(files, { names: [], uses: [] });
  const options = { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) };
  assert.deepEqual(await windowsOf('https', trust, options), WINDOWS);
});
