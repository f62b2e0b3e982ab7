/** What a running coordinator serves over HTTP: its metrics, and the list of all processes' for Prometheus. */
import { send } from '../../common/http-server.js';
import { serveMetrics } from '../../common/metrics/server.js';
import { RunMeasures } from '../metrics/run-measures.js';
import { targetGroups } from '../metrics/targets.js';
import type { StepMetrics } from '../run/journal.js';
import type { Run } from '../training/run.js';
import type { LiveCounts } from '../training/train.js';

export interface RunWeb extends AsyncDisposable {
  /** URL. */
  metrics: string;
  /** A step was committed, for the first time or in a replay. */
  committed(metrics: StepMetrics): void;
  /** The coordinator listens: from now on there is something to see. */
  listening(live: () => LiveCounts): void;
}

/** @throws UsageError when a port that was asked for is in use */
export async function openRunWeb({ directory, journal, training, settings, step }: Run): Promise<RunWeb> {
  const { webHost: host, metricsPort } = settings;
  let live: (() => LiveCounts) | undefined;
  const measures = new RunMeasures({ id: directory.id, training, step }, () => live?.());
  journal.addReader(measures);
  const server = await serveMetrics({
    host,
    port: metricsPort,
    registry: measures.registry,
    notReady: () => (live === undefined ? 'the coordinator does not listen yet' : undefined),
    also: {
      '/sd': (response) => {
        // Whoever asks has reached this address by that name.
        const own = response.req.headers.host ?? `${server.host}:${server.port}`;
        const groups = targetGroups(directory.id, own, live?.().view.workers ?? []);
        send(response, 200, JSON.stringify(groups), 'application/json');
      },
    },
  });
  return {
    metrics: `${server.url}/metrics`,
    committed: (metrics) => measures.committed(metrics),
    listening: (given) => (live = given),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
