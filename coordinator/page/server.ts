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
const ASSETS: Readonly<Record<string, [file: string, type: string]>> = {
  '/': ['index.html', 'text/html'],
  '/page.js': ['page.js', 'text/javascript'],
  '/page.css': ['page.css', 'text/css'],
};
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
      const asset = ASSETS[path];
      if (asset !== undefined) {
        return send(response, 200, await readFile(new URL(`assets/${asset[0]}`, import.meta.url)), asset[1]);
      }
      if (path.startsWith(SAMPLES)) return await picture(directory, path.slice(SAMPLES.length), response);
      if (path === '/api/stream') {
        // Without a body there is nothing to wait for.
        return request.method === 'HEAD' ? send(response, 200, '', 'text/event-stream') : await stream.add(response);
      }
      const answer = API[path];
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

const API: Readonly<Record<string, (feed: Feed) => object>> = {
  '/api/run': ({ run }) => run,
  '/api/history': ({ history }) => history.part(),
  '/api/events': ({ events }) => events.part(),
  '/api/quality': ({ quality }) => quality.view(),
  '/api/samples': ({ samples }) => samples,
};

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
