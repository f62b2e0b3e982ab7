/** The API of a Kubernetes API server, as far as the tests need it: JSON over HTTPS with a bearer token. */
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';

export interface Credentials {
  /** https://127.0.0.1:PORT */
  server: string;
  token: string;
  /** PEM. */
  ca: string;
}

/** What the server answered instead of what was asked for. */
export class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

type Patch = 'merge-patch' | 'strategic-merge-patch' | 'json-patch';

export interface Api {
  get<T>(path: string): Promise<T>;
  /** Undefined where there is none. */
  find<T>(path: string): Promise<T | undefined>;
  create<T>(path: string, object: T): Promise<T>;
  patch(path: string, change: unknown, type?: Patch): Promise<void>;
  delete(path: string, options?: object): Promise<void>;
  /** The lines of an answer that does not end; it ends with the signal, the server, or the connection. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>;
}

/** A server that does not answer at all is a failure of the test. */
const DEADLINE_MS = 30_000;

export function connect({ server, token, ca }: Credentials): Api & Disposable {
  const agent = new Agent({ ca, keepAlive: true });
  const open = (method: string, path: string, type: string, body?: unknown, signal?: AbortSignal) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const sentText = body === undefined ? '' : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        // Node sends that of a DELETE without saying how long it is.
        ...(sentText !== '' && { 'content-type': type, 'content-length': Buffer.byteLength(sentText) }),
      };
      const sent = request(`${server}${path}`, { agent, method, headers, ...(signal && { signal }) }, resolve);
      sent.once('error', reject);
      if (signal === undefined) sent.setTimeout(DEADLINE_MS, () => sent.destroy(new Error(`${path}: no answer`)));
      sent.end(sentText);
    });
  const ask = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const answer = await open(method, path, type, body);
    const text = await textOf(answer);
    if ((answer.statusCode ?? 500) >= 300) throw errorOf(`${method} ${path}`, answer, text);
    return JSON.parse(text) as unknown;
  };
  return {
    get: async <T>(path: string) => (await ask('GET', path)) as T,
    async find<T>(path: string) {
      try {
        return (await ask('GET', path)) as T;
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    create: async <T>(path: string, object: T) => (await ask('POST', path, object)) as T,
    async patch(path, change, type = 'merge-patch') {
      await ask('PATCH', path, change, `application/${type}+json`);
    },
    async delete(path, options = {}) {
      await ask('DELETE', path, options);
    },
    async *lines(path, signal) {
      const answer = await open('GET', path, 'application/json', undefined, signal);
      if (answer.statusCode !== 200) throw errorOf(`GET ${path}`, answer, await textOf(answer));
      let rest = '';
      for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text;
}

function errorOf(what: string, answer: IncomingMessage, text: string): ApiError {
  const code = answer.statusCode ?? 0;
  let message = text;
  try {
    message = (JSON.parse(text) as { message: string }).message;
  } catch {
    // not a Status: what there is says enough
  }
  return new ApiError(code, `${what}: ${code} ${message}`);
}
