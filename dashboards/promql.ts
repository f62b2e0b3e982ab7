/**
 * PromQL made from the specs of common/metrics/names.ts. Every selector carries the dashboard's run, and its role where the metric has one.
 * Everything is aggregated to labels that stay: a worker that was replaced has another instance, and its line should go on.
 */
import type { MetricSpec } from '../common/metrics/names.js';

/** Label values to select by; one that begins with ~ is a regular expression. Names the labels of the spec only. */
export type Where<S extends MetricSpec> = Partial<Record<S['labels'][number], string>>;

/** The job of every process of Duet in Prometheus' scrape config (deploy/prometheus/), which also gives `up` the run. */
export const JOB = 'duet';

/** @param suffix _sum, _count or _bucket of a histogram */
export function select<S extends MetricSpec>(spec: S, where: Where<S> = {}, suffix = ''): string {
  const asked: [string, string][] = Object.entries<string | undefined>(where).map(([label, value]) => [
    label,
    value ?? '',
  ]);
  const byRole = spec.labels.includes('role') && !asked.some(([label]) => label === 'role');
  const matchers = [
    'run="$run"',
    ...(byRole ? ['role=~"$role"'] : []),
    ...asked.map(([label, value]) => (value.startsWith('~') ? `${label}=~"${value.slice(1)}"` : `${label}="${value}"`)),
  ];
  return `${spec.name}${suffix}{${matchers.join(', ')}}`;
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')})`;
}

/** A gauge as it stands. */
export function now<S extends MetricSpec>(spec: S, where: Where<S> = {}, labels: S['labels'] = spec.labels): string {
  return `max${by(labels)} (${select(spec, where)})`;
}

/** A gauge, or a counter since its process started, of all processes that share the labels. */
export function total<S extends MetricSpec>(
  spec: S,
  where: Where<S> = {},
  labels: readonly S['labels'][number][] = spec.labels,
): string {
  return `sum${by(labels)} (${select(spec, where)})`;
}

/** A counter's growth a second. */
export function perSecond<S extends MetricSpec>(
  spec: S,
  where: Where<S> = {},
  labels: readonly S['labels'][number][] = spec.labels,
): string {
  return rate(spec, where, labels, '');
}

function rate<S extends MetricSpec>(spec: S, where: Where<S>, labels: readonly string[], suffix: string): string {
  return `sum${by(labels)} (rate(${select(spec, where, suffix)}[$__rate_interval]))`;
}

/** Share of each of a counter's label values in its growth; together 1. */
export function share<S extends MetricSpec>(spec: S): string {
  return `${perSecond(spec)} / on () group_left () ${perSecond(spec, {}, [])}`;
}

/** Mean of what a histogram has seen lately. */
export function mean<S extends MetricSpec>(
  spec: S,
  where: Where<S> = {},
  labels: readonly S['labels'][number][] = spec.labels,
): string {
  return `${rate(spec, where, labels, '_sum')} / ${rate(spec, where, labels, '_count')}`;
}

/** What a histogram has seen lately, seconds in each second. */
export function secondsPerSecond<S extends MetricSpec>(
  spec: S,
  where: Where<S> = {},
  labels: readonly S['labels'][number][] = spec.labels,
): string {
  return rate(spec, where, labels, '_sum');
}

/** A quantile of what a histogram has seen lately, as exact as its buckets are fine. */
export function quantile<S extends MetricSpec>(q: number, spec: S): string {
  return `histogram_quantile(${q}, ${rate(spec, {}, [...spec.labels, 'le'], '_bucket')})`;
}

/** For what happens rarely: the mean since the process started. A rate would see nothing of the first one. */
export function meanSoFar(spec: MetricSpec): string {
  return `sum${by(spec.labels)} (${select(spec, {}, '_sum')}) / ${countSoFar(spec)}`;
}

export function countSoFar(spec: MetricSpec): string {
  return `sum${by(spec.labels)} (${select(spec, {}, '_count')})`;
}

/** For what happens rarely: the quantile since the process started. */
export function quantileSoFar(q: number, spec: MetricSpec): string {
  return `histogram_quantile(${q}, sum${by([...spec.labels, 'le'])} (${select(spec, {}, '_bucket')}))`;
}

/** Seconds since a time that a gauge tells. */
export function since(spec: MetricSpec): string {
  return `time() - ${now(spec)}`;
}

/**
 * How much a counter has grown within the rate interval, rounded up: increase() extrapolates to fractions, and an annotation of
 * Grafana before 12 counts from 1.
 */
export function grown(spec: MetricSpec): string {
  return `ceil(sum${by(spec.labels)} (increase(${select(spec)}[$__rate_interval])))`;
}

/**
 * Which of a label's values holds, as a number from 1 in the order given, 0 for none: a state timeline takes one number a row.
 * Of several that hold it is the last one.
 */
export function which<S extends MetricSpec>(
  spec: S,
  label: S['labels'][number],
  values: readonly string[],
  labels: readonly S['labels'][number][] = [],
): string {
  const terms = values.map((value, index) => {
    const where: Where<S> = {};
    where[label] = value;
    return `(${select(spec, where)} > bool 0) * ${index + 1}`;
  });
  return `max${by(labels)} (${terms.join(' or ')})`;
}
