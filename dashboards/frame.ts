/** What the three dashboards share: variables, annotations, links, the grid. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { RUN_METRICS, WORKER_METRICS } from '../common/metrics/names.js';
import { classicDashboard, type Dashboard, type Panel } from './classic.js';
import { DATASOURCE } from './panels.js';
import { grown, now } from './promql.js';

/** All dashboards of Duet have it; it is what links them. */
const TAG = 'duet';

export interface Row {
  title: string;
  panels: readonly Builder<Panel>[];
}

export interface Content {
  uid: string;
  title: string;
  description: string;
  rows: readonly Row[];
}

/** Grafana's variable editor keeps a label_values query in this shape. */
function labelValues(series: string, label: string) {
  const definition = `label_values(${series}, ${label})`;
  return { definition, query: { qryType: 1, query: definition, refId: 'PrometheusVariableQueryEditor-VariableQuery' } };
}

function variables() {
  const runs = labelValues(RUN_METRICS.info.name, 'run');
  const roles = labelValues(`${WORKER_METRICS.phase.name}_count{run="$run"}`, 'role');
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    new QueryVariableBuilder('run')
      .label('Run')
      .description("A run's id, newest first where ids begin with a time.")
      .datasource(DATASOURCE)
      .query(runs.query)
      .definition(runs.definition)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalDesc),
    new QueryVariableBuilder('role')
      .label('Role')
      .description('The roles that compute. All means the coordinator and spare workers, too.')
      .datasource(DATASOURCE)
      .query(roles.query)
      .definition(roles.definition)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.NaturalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ selected: true, text: ['All'], value: ['$__all'] }),
  ];
}

function annotation(name: string, color: string, expr: string, title: string): AnnotationQueryBuilder {
  // Without a step Grafana asks every minute and sees the half of it.
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('5s')
    .titleFormat(title);
}

function annotations(): AnnotationQueryBuilder[] {
  return [
    annotation('Steps called off', 'orange', grown(RUN_METRICS.calledOff), 'Step called off: {{cause}}').tagKeys(
      'cause',
    ),
    annotation('Workers lost', 'red', grown(RUN_METRICS.lost), 'Worker lost: {{cause}}').tagKeys('cause'),
    annotation('Rollbacks', 'purple', grown(RUN_METRICS.rollbacks), 'Rolled back to the best checkpoint'),
    // One every 15 s by default: at hand, but not in the way of the faults. Its time is the metric's value, to the millisecond.
    annotation('Checkpoints', 'blue', `${now(RUN_METRICS.checkpointTime)} * 1000`, 'Checkpoint')
      .useValueForTime(true)
      .enable(false),
  ];
}

function link(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Duet')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(false)
    .keepTime(true)
    .includeVars(true)
    .targetBlank(false)
    .tooltip('The other dashboards of this run');
}

/** The SDK puts annotations and links into a menu of Grafana 12.3 and later; without a placement they are in sight. */
function visible(built: Dashboard): Dashboard {
  for (const one of [...(built.annotations.list ?? []), ...(built.links ?? [])]) delete one.placement;
  return built;
}

/** Panels get their ids in order and their places from left to right; widths of a line make 24. */
export function dashboard({ uid, title, description, rows }: Content): Dashboard {
  const builder = classicDashboard(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-30m', to: 'now' })
    .refresh('5s')
    .editable()
    .variables(variables())
    .annotations(annotations())
    .link(link());
  let id = 0;
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(++id));
    for (const panel of row.panels) {
      const built: Panel = { ...panel.build(), id: ++id };
      builder.withPanel({ build: () => built });
    }
  }
  return visible(builder.build());
}
