/** What a PromQL expression asks for: the names of Duet's metrics in it, and every label with what it must be. */
import { ALL_METRICS, type MetricSpec } from '../../../common/metrics/names.js';

/** What Prometheus, or every metric of a run, has besides its own labels. */
const EVERYWHERE = ['run', 'job', 'instance'];
const SUFFIX = /_(bucket|sum|count)$/;

export interface Selector {
  /** As it is written: duet_workers{state="missing"}. */
  text: string;
  metric: string;
  /** Label, operator and value, as in {state!~"finished|stopped"}. */
  matchers: { label: string; operator: string; value: string }[];
}

/** The metrics of Duet and `up`, each with its matchers. */
export function selectorsOf(expression: string): Selector[] {
  return [...expression.matchAll(/\b(duet_\w+|up\b)\s*(?:\{([^}]*)\})?/g)].map(([text, metric = '', inner = '']) => ({
    text: text.trim(),
    metric,
    matchers: [...inner.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
      ([, label = '', operator = '', value = '']) => ({
        label,
        operator,
        value,
      }),
    ),
  }));
}

/** Labels by which an expression groups or joins: by (...), on (...), and the like. */
export function groupingsOf(expression: string): string[] {
  const groups = expression.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g);
  return [...groups].flatMap(([, inner = '']) => inner.split(',').map((label) => label.trim())).filter(Boolean);
}

/** The specification of a metric, by the name in an expression: a histogram has three. */
export function specOf(metric: string): MetricSpec | undefined {
  const named = ALL_METRICS.find(({ name, type }) => name === metric && type !== 'histogram');
  if (named !== undefined || !SUFFIX.test(metric)) return named;
  return ALL_METRICS.find(({ name, type }) => name === metric.replace(SUFFIX, '') && type === 'histogram');
}

/** Labels that a metric can have in Prometheus. */
export function labelsOf(metric: string): readonly string[] {
  if (metric === 'up') return EVERYWHERE;
  const own = specOf(metric)?.labels ?? [];
  return [...EVERYWHERE, ...own, ...(metric.endsWith('_bucket') ? ['le'] : [])];
}
