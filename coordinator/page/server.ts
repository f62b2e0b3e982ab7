/** The live page of a run, over HTTP: for a browser, and for scripts under /api/. It changes nothing. */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type HttpServer, send, serveHttp } from '../../common/http-server.js';
import type { RunDirectory } from '../run/directory.js';
import type { LiveView } from '../view/run-view.js';
import { samplePicture } from '../view/sample-pictures.js';
import { Feed } from './feed.js';
import { EventStream } from './stream.js';

/** Where the page is by default. */
export const PAGE_PORT = 8080;

export interface PageOptions {
  directory: RunDirectory;
  /** What the coordinator knows, when it is this process or can be asked; called about once a second while somebody looks. */
  live?: () => LiveView | undefined;
  host: string;
  /** Undefined: PAGE_PORT, or another one where that is taken. 0: any free one. */
  port: number | undefined;
  /** The flag that chooses the port, for messages (--page-port). */
  flag?: string;
}

/** Made from browser/ by scripts/build.js. */
const ASSETS: ReadonlyMap<string, { file: string; type: string }> = new Map([
  ['/', { file: 'index.html', type: 'text/html' }],
  ['/page.js', { file: 'page.js', type: 'text/javascript' }],
  ['/page.css', { file: 'page.css', type: 'text/css' }],
]);
const SAMPLES = '/samples/';

/** @throws UsageError when the port is in use */
export async function servePage(options: PageOptions): Promise<HttpServer> {
  const { directory, live, host, port, flag = '--page-port' } = options;
  const feed = new Feed(directory, live);
  const stream = new EventStream(feed);
  const server = await serveHttp({
    host,
    port: port ?? PAGE_PORT,
    fallback: port === undefined,
    flag,
    async answer(path, request, response) {
      const asset = ASSETS.get(path);
      if (asset !== undefined) {
        return send(response, 200, await readFile(new URL(`assets/${asset.file}`, import.meta.url)), asset.type);
      }
      if (path.startsWith(SAMPLES)) return await picture(directory, path.slice(SAMPLES.length), response);
      if (path === '/api/stream') {
        // Without a body there is nothing to wait for.
        return request.method === 'HEAD' ? send(response, 200, '', 'text/event-stream') : await stream.add(response);
      }
      const answer = API.get(path);
      if (answer === undefined) return;
      await feed.refresh();
      send(response, 200, JSON.stringify(answer(feed)), 'application/json');
    },
  });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const API: ReadonlyMap<string, (feed: Feed) => object> = new Map<string, (feed: Feed) => object>([
  ['/api/run', (feed) => feed.run],
  ['/api/history', (feed) => feed.history.part()],
  ['/api/events', (feed) => feed.events.part()],
  ['/api/quality', (feed) => feed.quality.view()],
  ['/api/samples', (feed) => feed.samples],
]);

async function picture(directory: RunDirectory, name: string, response: ServerResponse): Promise<void> {
  const path = samplePicture(directory, name);
  if (path === undefined) return;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch {
    return send(response, 404, 'there is no picture of that step\n');
  }
  send(response, 200, bytes, 'image/png');
}
