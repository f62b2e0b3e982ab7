/** Every query of the dashboards, for tests that evaluate them against a real Prometheus. */
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import { ALL_METRICS, RUN_METRICS as RUN } from '../common/metrics/names.js';
import { dashboards } from './all.js';
import type { Dashboard, Panel, RowPanel } from './classic.js';

export interface Expression {
  /** The dashboard's uid. */
  dashboard: string;
  /** Title of the panel, name of the annotation or of the variable. */
  panel: string;
  kind: 'panel' | 'annotation' | 'variable';
  /** PromQL with Grafana's variables in it: see `substituted`. */
  expr: string;
  /** Of a panel's lines, with {{label}}. */
  legend?: string;
  /** Whether a time series is asked for (query_range) or only the newest value (query). */
  range: boolean;
  /** True: empty on a machine without an NVIDIA card. */
  gpu: boolean;
  /** What else must be so for the expression to have a value, in words; absent: nothing. */
  onlyWith?: string;
}

/** Metrics that a healthy run need not have. */
const ONLY_WITH = new Map<string, string>([
  [RUN.modes.name, 'data with known modes'],
  [RUN.modesOf.name, 'data with known modes'],
  [RUN.highQuality.name, 'a 2-D mixture as data'],
  [RUN.classEntropy.name, 'data with classes'],
  [RUN.rule.name, 'a rule of stability that has held'],
  [RUN.recovery.name, 'a recovery'],
]);

const GPU_ONLY = new Set(ALL_METRICS.filter(({ gpu }) => gpu === true).map(({ name }) => name));

/** Names of Duet's metrics in an expression, without a histogram's suffixes. */
export function metricsIn(expr: string): string[] {
  const found = [...expr.matchAll(/\bduet_[a-z0-9_]+\b/g)].map(([name]) => name);
  return [...new Set(found.map((name) => (known(name) ? name : name.replace(/_(?:sum|count|bucket)$/, ''))))];
}

function known(name: string): boolean {
  return ALL_METRICS.some((spec) => spec.name === name);
}

/** Every expression of every panel, annotation and variable. */
export function expressions(built: readonly Dashboard[] = dashboards()): Expression[] {
  return built.flatMap((dashboard) => {
    const common = { dashboard: dashboard.uid ?? '' };
    const marked = (rest: Pick<Expression, 'panel' | 'kind' | 'expr' | 'range' | 'legend'>): Expression => {
      const metrics = metricsIn(rest.expr);
      const conditions = new Set(metrics.flatMap((name) => ONLY_WITH.get(name) ?? []));
      const gpu = metrics.some((name) => GPU_ONLY.has(name));
      return { ...common, ...rest, gpu, ...(conditions.size > 0 && { onlyWith: [...conditions].join(' and ') }) };
    };
    return [
      ...panelsOf(dashboard).flatMap((panel) =>
        targetsOf(panel).map((target) => marked({ panel: panel.title ?? '', kind: 'panel', ...target })),
      ),
      ...(dashboard.annotations.list ?? []).flatMap(({ name, expr }) =>
        expr === undefined ? [] : [marked({ panel: name, kind: 'annotation', expr, range: true })],
      ),
      ...(dashboard.templating.list ?? []).flatMap(({ name, definition }) =>
        definition === undefined
          ? []
          : [marked({ panel: name, kind: 'variable', expr: asQuery(definition), range: false })],
      ),
    ];
  });
}

/** Titles of the panels that are empty on a machine without an NVIDIA card, by dashboard. */
export function gpuPanels(): { dashboard: string; panel: string }[] {
  const titles = expressions()
    .filter(({ gpu }) => gpu)
    .map(({ dashboard, panel }) => ({ dashboard, panel }));
  return titles.filter((one, index) => titles.findIndex((other) => other.panel === one.panel) === index);
}

/** The panels of a dashboard without its rows. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => !isRow(panel));
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row';
}

/** The SDK's type of a target is that of any data source. */
function targetsOf(panel: Panel): Pick<Expression, 'expr' | 'range' | 'legend'>[] {
  return (panel.targets ?? []).flatMap((target: Partial<Dataquery>) =>
    target.expr === undefined
      ? []
      : [
          {
            expr: target.expr,
            range: target.range === true,
            ...(target.legendFormat !== undefined && { legend: target.legendFormat }),
          },
        ],
  );
}

/** label_values(SERIES, LABEL) is Grafana's, not PromQL: it lists what this query groups by. */
function asQuery(definition: string): string {
  const [, series = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
  return `group by (${label}) (${series})`;
}

/** What Grafana puts in for the variables. @param rateInterval at least four scrape intervals, such as 20s */
export function substituted(
  expr: string,
  { run, role = '.*', rateInterval = '20s' }: { run: string; role?: string; rateInterval?: string },
): string {
  const values: Record<string, string> = {
    run,
    role,
    __rate_interval: rateInterval,
    __interval: rateInterval,
    __range: '30m',
  };
  return expr.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const value = values[braced ?? bare ?? ''];
    if (value === undefined) throw new Error(`no value for the variable ${whole} of ${expr}`);
    return value;
  });
}
