import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { UsageError } from '../../common/errors.js';
import { type HttpOptions, type HttpServer, send, serveHttp } from '../../common/http-server.js';

const BASE: HttpOptions = {
  host: '127.0.0.1',
  port: 0,
  fallback: false,
  flag: '--page-port',
  answer: (path, _request, response) => {
    if (path === '/here') send(response, 200, 'it is here\n');
    if (path === '/broken') throw new Error('no such disk');
  },
};

/** Node's fetch does not let a Host header be set. */
async function ask({ port }: HttpServer, path: string, more: { method?: string; host?: string } = {}) {
  const { method = 'GET', host = 'localhost' } = more;
  return await new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part: string) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
      });
      call.on('error', reject);
      call.end();
    },
  );
}

test('a server answers GET and HEAD and nothing else, each answer with strict headers', async () => {
  await using server = await serveHttp(BASE);
  const got = await ask(server, '/here?with=query');
  assert.equal(got.status, 200);
  assert.equal(got.body, 'it is here\n');
  assert.equal(got.headers['x-content-type-options'], 'nosniff');
  assert.match(String(got.headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
  const head = await ask(server, '/here', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '11']);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await ask(server, '/here', { method });
    assert.equal(status, 405, method);
    assert.equal(headers.allow, 'GET, HEAD');
  }
  assert.equal((await ask(server, '/elsewhere')).status, 404);
  const broken = await ask(server, '/broken');
  assert.deepEqual([broken.status, broken.body], [500, 'no such disk\n']);
});

test('a server on loopback answers to names of loopback only: a name of elsewhere may have been made to point here', async () => {
  await using server = await serveHttp(BASE);
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:1', '[::1]:80']) {
    assert.equal((await ask(server, '/here', { host })).status, 200, host);
  }
  for (const host of ['evil.example', 'localhost.evil.example:8080', '192.0.2.1']) {
    assert.equal((await ask(server, '/here', { host })).status, 403, host);
  }
});

test('a port that was asked for and is taken is refused with what to do, one that was only preferred is replaced', async () => {
  await using first = await serveHttp(BASE);
  const again = { ...BASE, port: first.port };
  await assert.rejects(serveHttp(again), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(
      error.message,
      `port ${first.port} on 127.0.0.1 is in use (another run?): choose another with --page-port, or --page-port 0 for any free one`,
    );
    return true;
  });
  await using second = await serveHttp({ ...again, fallback: true });
  assert.notEqual(second.port, first.port);
  assert.equal((await ask(second, '/here')).status, 200);
});

test('an address that is not of this machine is refused', async () => {
  await assert.rejects(serveHttp({ ...BASE, host: '192.0.2.1' }), /cannot listen on 192\.0\.2\.1:0: /);
});
