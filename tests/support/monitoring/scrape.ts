/** What Prometheus would read from the processes of a run. */
import type { TargetGroup } from '../../../coordinator/metrics/targets.js';
import { statusOf, until } from '../runs/run.js';

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Of a run's coordinator, once it serves them: http://host:port. */
export async function metricsOf(directory: string): Promise<string> {
  const url = await until('the metrics', () => statusOf(directory)?.metrics);
  return new URL(url).origin;
}

/** The processes that /sd lists. */
export async function targetsOf(origin: string): Promise<TargetGroup[]> {
  const response = await fetch(`${origin}/sd`);
  return (await response.json()) as TargetGroup[];
}

/** A process's metrics as text. @param target host:port */
export async function scrape(target: string): Promise<string> {
  const response = await fetch(`http://${target}/metrics`);
  if (!response.ok) throw new Error(`${target} answers ${response.status}`);
  return await response.text();
}

/** Samples of the text format as prom-client writes it. */
export function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) return [];
    const [, name = '', inner = '', value = ''] = match;
    const labels = Object.fromEntries(
      [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', of = '']) => [key, of]),
    );
    return [{ name, labels, value: Number(value) }];
  });
}

/** The sum of the samples of that name whose labels include these. */
export function valueOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return found.reduce((sum, { value }) => sum + value, found.length === 0 ? Number.NaN : 0);
}
