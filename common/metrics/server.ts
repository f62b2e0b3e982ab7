/** What every process of a run serves for Prometheus and Kubernetes: /metrics, /healthz, /readyz. */
import type { ServerResponse } from 'node:http';
import { type HttpServer, send, serveHttp } from '../http-server.js';
import type { MetricRegistry } from './registry.js';

/** Where metrics are by default, of whichever process comes first on a machine. */
export const METRICS_PORT = 9464;

/** Every scrape of Prometheus has it. */
const SCRAPE = 'x-prometheus-scrape-timeout-seconds';

export interface MetricsServerOptions {
  host: string;
  /** Undefined: METRICS_PORT, or another one where that is taken. 0: any free one. */
  port: number | undefined;
  registry: MetricRegistry;
  /** Why it cannot do its work now; undefined: it can. */
  notReady(): string | undefined;
  /** Prometheus, not a person, has read the metrics. @param began when it asked: performance.now() */
  scraped?(began: number): void;
  /** More paths. */
  also?: Readonly<Record<string, (response: ServerResponse) => void>>;
}

/** @throws UsageError when the port is in use */
export async function serveMetrics(options: MetricsServerOptions): Promise<HttpServer> {
  const { host, port, registry, notReady, scraped, also = {} } = options;
  return await serveHttp({
    host,
    port: port ?? METRICS_PORT,
    fallback: port === undefined,
    flag: '--metrics-port',
    async answer(path, request, response) {
      switch (path) {
        case '/metrics':
          if (request.headers[SCRAPE] !== undefined) {
            const began = performance.now();
            response.once('finish', () => scraped?.(began));
          }
          return send(response, 200, await registry.text(), registry.contentType);
        case '/healthz':
          return send(response, 200, 'ok\n');
        case '/readyz': {
          const reason = notReady();
          return reason === undefined ? send(response, 200, 'ready\n') : send(response, 503, `${reason}\n`);
        }
        default:
          also[path]?.(response);
      }
    },
  });
}
