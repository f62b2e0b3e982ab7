/** The panels of Duet: the SDK's builders with the look that all of them share. */
import { PanelBuilder as BarChartBuilder } from '@grafana/grafana-foundation-sdk/barchart';
import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DataTransformerConfig,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
  type ValueMappingResult,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The Prometheus that the dashboard's variable names. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

export interface Query {
  expr: string;
  /** With {{label}}; absent: the panel's title. */
  legend?: string;
}

export interface Look {
  title: string;
  /** What it shows, what is bad, what to do. */
  description: string;
  /** Grafana's id of it: s, decbytes, percentunit, ... */
  unit: string;
  /** Of 24. */
  width: number;
  height?: number;
}

/** Limits, ascending: [from, colour]; below the first it is green. */
export type Limits = readonly (readonly [number, string])[];

const REF_IDS = ['A', 'B', 'C', 'D', 'E', 'F'];

function targets(queries: readonly Query[], title: string, kind: 'range' | 'table'): DataqueryBuilder[] {
  return queries.map(({ expr, legend = title }, index) => {
    const query = new DataqueryBuilder()
      .datasource(DATASOURCE)
      .expr(expr)
      .refId(REF_IDS[index] ?? `Q${index}`);
    return kind === 'table' ? query.instant().format(PromQueryFormat.Table) : query.range().legendFormat(legend);
  });
}

/** What all the builders of panels have. */
interface AnyBuilder extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: common.DataSourceRef): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  targets(targets: Builder<object>[]): this;
}

function dressed<B extends AnyBuilder>(builder: B, look: Look, queries: readonly Query[], kind: 'range' | 'table'): B {
  return builder
    .title(look.title)
    .description(look.description)
    .datasource(DATASOURCE)
    .unit(look.unit)
    .span(look.width)
    .height(look.height ?? 8)
    .targets(targets(queries, look.title, kind));
}

function color(mode: FieldColorModeId): FieldColorBuilder {
  return new FieldColorBuilder().mode(mode);
}

export function thresholds(limits: Limits): ThresholdsConfigBuilder {
  const steps = limits.map(([value, color]) => ({ value, color }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'green' }, ...steps]);
}

/** Lines over time, with a table of the newest, the mean and the largest values below. */
export function graph(look: Look, ...queries: Query[]): TimeSeriesBuilder {
  return dressed(new TimeSeriesBuilder(), look, queries, 'range')
    .colorScheme(color(FieldColorModeId.PaletteClassic))
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(common.VisibilityMode.Never)
    .legend(legend())
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
}

/** A table of the newest, the mean and the largest values. */
export function legend(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Bottom)
    .calcs(['lastNotNull', 'mean', 'max']);
}

/** Areas on top of each other: parts of a whole. */
export function stacked(look: Look, ...queries: Query[]): TimeSeriesBuilder {
  return graph(look, ...queries)
    .fillOpacity(60)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
}

/** A graph of counts that stay until the next one. */
export function counts(look: Look, ...queries: Query[]): TimeSeriesBuilder {
  return graph(look, ...queries)
    .lineInterpolation(common.LineInterpolation.StepAfter)
    .decimals(0)
    .min(0);
}

/** A dashed line at each limit of a graph. */
export function withLimits(builder: TimeSeriesBuilder, limits: Limits): TimeSeriesBuilder {
  return builder
    .thresholds(thresholds(limits))
    .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
}

/** A dashed line below which it is bad. */
export function lowLimit(builder: TimeSeriesBuilder, limit: number): TimeSeriesBuilder {
  return withLimits(builder, []).thresholds(
    new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
      { value: null, color: 'red' },
      { value: limit, color: 'green' },
    ]),
  );
}

export function logarithmic(builder: TimeSeriesBuilder): TimeSeriesBuilder {
  return builder.scaleDistribution(
    new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10),
  );
}

/** One figure. */
export function stat(look: Look, query: Query, limits: Limits = []): StatBuilder {
  return dressed(new StatBuilder(), { height: 4, ...look }, [query], 'range')
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .graphMode(common.BigValueGraphMode.None)
    .colorScheme(color(FieldColorModeId.Thresholds))
    .colorMode(limits.length === 0 ? common.BigValueColorMode.None : common.BigValueColorMode.Value)
    .thresholds(thresholds(limits));
}

/** Number to word and colour, from 1 on; 0 is none. For `which` of promql.ts. */
export function words(values: readonly (readonly [text: string, color: string])[]): ValueMap[] {
  const options: Record<string, ValueMappingResult> = { '0': { text: 'none', color: 'text', index: 0 } };
  for (const [index, [text, color]] of values.entries()) {
    options[String(index + 1)] = { text, color, index: index + 1 };
  }
  return [{ type: MappingType.ValueToText, options }];
}

/** Bars of states over time, a row a series. */
export function timeline(look: Look, mappings: ValueMap[], query: Query): TimelineBuilder {
  return dressed(new TimelineBuilder(), look, [query], 'range')
    .mappings(mappings)
    .colorScheme(color(FieldColorModeId.Thresholds))
    .thresholds(thresholds([]))
    .showValue(common.VisibilityMode.Auto)
    .mergeValues(true)
    .legend(new common.VizLegendOptionsBuilder().showLegend(false))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Single));
}

/**
 * The newest values, a row a set of labels.
 * @param columns titles of the columns, by label, or by `Value #A`, `Value #B` for the queries in their order
 */
export function table(look: Look, columns: Record<string, string>, ...queries: Query[]): TableBuilder {
  const excluded = queries.length === 1 ? { Time: true, Value: true } : { Time: true };
  const transformations: DataTransformerConfig[] = [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: excluded,
        indexByName: Object.fromEntries(Object.keys(columns).map((column, index) => [column, index])),
        renameByName: columns,
      },
    },
  ];
  return dressed(new TableBuilder(), look, queries, 'table').transformations(transformations);
}

/** The newest values as bars, one a series. */
export function bars(look: Look, query: Query, limits: Limits = []): BarGaugeBuilder {
  return dressed(new BarGaugeBuilder(), look, [query], 'range')
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .colorScheme(color(FieldColorModeId.Thresholds))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .min(0)
    .thresholds(thresholds(limits));
}

/** The newest values as stacked bars: one bar a `row` label, one colour a `column` label. */
export function stackedBars(look: Look, row: string, column: string, query: Query): BarChartBuilder {
  const matrix = { columnField: column, rowField: row, valueField: 'Value', emptyValue: 'null' };
  return dressed(new BarChartBuilder(), look, [query], 'table')
    .transformations([{ id: 'groupingToMatrix', options: matrix }])
    .orientation(common.VizOrientation.Horizontal)
    .stacking(common.StackingMode.Normal)
    .colorScheme(color(FieldColorModeId.PaletteClassic))
    .showValue(common.VisibilityMode.Auto)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi));
}
