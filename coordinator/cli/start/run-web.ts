/** What a running coordinator serves over HTTP: the live page, its metrics, and the list of all processes' for Prometheus. */
import { send } from '../../../common/http-server.js';
import { serveMetrics } from '../../../common/metrics/server.js';
import { LastScrape } from '../../metrics/last-scrape.js';
import { RunMeasures } from '../../metrics/run-measures.js';
import { targetGroups } from '../../metrics/targets.js';
import { servePage } from '../../page/server.js';
import type { StepMetrics } from '../../run/journal/journal.js';
import type { Run } from '../../training/run.js';
import type { LiveCounts } from '../../training/train.js';

/** How long an end may be held up to be seen; whoever scrapes less often may miss it. */
const SEEN_MS = 10_000;
/** Of --grace, when somebody wants it to end. */
const SEEN_SHARE = 1 / 3;

/** Its end waits until Prometheus, where one scrapes it, has seen the run's last state. */
export interface RunWeb extends AsyncDisposable {
  /** URLs. */
  page: string;
  metrics: string;
  /** A step was committed, for the first time or in a replay. */
  committed(metrics: StepMetrics): void;
  /** The coordinator listens: from now on there is something to see. */
  listening(live: () => LiveCounts): void;
  /** The run was over before it began: it is only shown. */
  over(): void;
}

/**
 * @param stop aborted when the user wants a clean stop
 * @throws UsageError when a port that was asked for is in use
 */
export async function openRunWeb(run: Run, stop: AbortSignal): Promise<RunWeb> {
  const { directory, journal, training, settings, step } = run;
  const { webHost: host, pagePort, metricsPort } = settings;
  let live: (() => LiveCounts) | undefined;
  let ready = false;
  const measures = new RunMeasures({ id: directory.id, training, step }, () => live?.(), run.lag);
  journal.addReader(measures);
  const lastScrape = new LastScrape();
  const server = await serveMetrics({
    host,
    port: metricsPort,
    registry: measures.registry,
    notReady: () => (ready ? undefined : 'the coordinator does not listen yet'),
    scraped: (began) => lastScrape.answered(began),
    also: {
      '/sd': (response) => {
        // Whoever asks has reached this address by that name.
        const own = response.req.headers.host ?? `${server.host}:${server.port}`;
        const groups = targetGroups(directory.id, own, live?.().view.workers ?? []);
        send(response, 200, JSON.stringify(groups), 'application/json');
      },
    },
  });
  const page = await servePage({ directory, live: () => live?.().view, host, port: pagePort }).catch(
    async (error: unknown) => {
      await server[Symbol.asyncDispose]();
      throw error;
    },
  );
  return {
    page: page.url,
    metrics: `${server.url}/metrics`,
    committed: (metrics) => measures.committed(metrics),
    listening(given) {
      live = given;
      ready = true;
    },
    over() {
      ready = true;
      measures.event({ event: 'run-finished', step, reason: '' });
    },
    async [Symbol.asyncDispose]() {
      const allowed = stop.aborted ? settings.grace * 1000 * SEEN_SHARE : SEEN_MS;
      await lastScrape.next(Math.min(SEEN_MS, allowed));
      await Promise.all([page[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    },
  };
}
