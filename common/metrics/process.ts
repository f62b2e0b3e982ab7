/** What a process says of itself: memory, processor time, and how late its network's event loop is. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { PROCESS_METRICS } from './names.js';
import type { MetricRegistry } from './registry.js';

/** How often the event loop is looked at; a delay includes it. */
const RESOLUTION_MS = 20;
const PERCENTILES = { p50: 50, p99: 99, max: 100 } as const;

/** Call it in the thread whose event loop does the network. @param role of the process now */
export function addProcessMetrics(registry: MetricRegistry, role: () => string): void {
  const resident = registry.gauge(PROCESS_METRICS.resident);
  const cpu = registry.counter(PROCESS_METRICS.cpu);
  const started = registry.gauge(PROCESS_METRICS.started);
  const lag = registry.gauge(PROCESS_METRICS.eventLoopLag);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let known = '';
  let cpuSeconds = 0;
  registry.beforeScrape(() => {
    const now = role();
    if (now !== known) {
      // A process that took another role is not in two at once.
      for (const metric of [resident, started, lag]) metric.reset();
      known = now;
    }
    resident.set({ role: now }, process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    const total = (user + system) / 1e6;
    cpu.inc({ role: now }, Math.max(0, total - cpuSeconds));
    cpuSeconds = total;
    started.set({ role: now }, (performance.timeOrigin + performance.now()) / 1000 - process.uptime());
    for (const [stat, percentile] of Object.entries(PERCENTILES)) {
      const late = delay.count === 0 ? 0 : delay.percentile(percentile) / 1e9 - RESOLUTION_MS / 1000;
      lag.set({ role: now, stat }, Math.max(0, late));
    }
    delay.reset();
  });
}
