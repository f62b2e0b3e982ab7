/** The three charts of a run: losses, verdicts, KID. */
import type uPlot from 'uplot';
import type { Column, HistoryColumns, HistoryPart, Marker, QualityView } from '../../view/messages.js';
import { Chart, type ChartData } from './chart.js';
import { colour } from './colours.js';
import { byId, element, setText } from './dom.js';
import { count, distance, judgedName, loss, percent } from './format.js';
import { smoothed } from './smooth.js';

const HEIGHT = 160;
/** Of a kind, named by their steps below the chart. */
const NAMED_MARKERS = 6;
const NOTHING: HistoryColumns = {
  step: [],
  discriminatorLoss: [],
  averageGeneratorLoss: [],
  generatorLosses: [],
  verdicts: {},
  ms: [],
};

export class Curves {
  #columns: HistoryColumns = NOTHING;
  #quality: QualityView = { points: [], best: null, modes: null };
  #markers: Marker[] = [];
  readonly #losses = new Chart(byId('losses'), {
    label: 'Losses by step',
    height: HEIGHT + 40,
    format: loss,
    draw: (plot) => drawMarkers(plot, this.#markers, true),
    empty: 'No step has been committed yet.',
  });
  readonly #marks = byId('losses').appendChild(element('p', { class: 'marks' }));
  readonly #verdicts = new Chart(byId('verdicts'), {
    label: 'Shares of the samples that the discriminator judged most real, by step',
    height: HEIGHT - 10,
    format: (value) => (value === null || value === undefined ? '–' : percent(value)),
    range: [0, 1],
    axis: percent,
    draw: (plot) => drawMarkers(plot, this.#markers, false),
    empty: 'No step has been committed yet.',
  });
  readonly #kid = new Chart(byId('quality'), {
    label: 'Kernel inception distance of the samples by step',
    height: HEIGHT,
    format: distance,
    log: ({ series }) => series.every(({ values }) => values.every((value) => value === null || value > 0)),
    draw: (plot) => drawBest(plot, this.#quality.best),
    empty: 'Nothing has been evaluated yet.',
  });

  history({ from, columns }: HistoryPart): void {
    this.#columns = from === 0 ? columns : spliced(this.#columns, columns, from);
    this.#draw();
  }

  quality(quality: QualityView): void {
    this.#quality = quality;
    this.#draw();
  }

  markers(markers: Marker[]): void {
    this.#markers = markers;
    setText(this.#marks, marksText(markers));
    this.#draw();
  }

  /** The right end of all charts. A step that was called off lies just beyond the newest. */
  get #last(): number {
    const last = Math.max(this.#columns.step.at(-1) ?? 0, this.#quality.points.at(-1)?.step ?? 0);
    return Math.max(last, ...this.#markers.map(({ step }) => step).filter((step) => step <= last * 1.02 + 1));
  }

  #draw(): void {
    this.#losses.set(losses(this.#columns), this.#last);
    this.#verdicts.set(verdicts(this.#columns), this.#last);
    this.#kid.set(kid(this.#quality), this.#last);
  }
}

function losses({ step, discriminatorLoss, generatorLosses, averageGeneratorLoss }: HistoryColumns): ChartData {
  const lines: [key: string, name: string, values: Column][] = [
    ['d', 'discriminator', discriminatorLoss],
    ...generatorLosses.map((values, i): [string, string, Column] => [`g${i + 1}`, `generator ${i + 1}`, values]),
    ['average', 'averaged', averageGeneratorLoss],
  ];
  const faint = lines.map(([key, name, values]) => ({ key, name, values, faint: true, width: 1 }));
  const clear = lines.map(([key, name, values]) => ({ key, name, values: smoothed(values), width: 2 }));
  return { steps: step, series: [...faint, ...clear] };
}

/** From the bottom x, g1, g2, ... The highest sum is drawn first, each lower one over it. */
function verdicts({ step, verdicts: shares }: HistoryColumns): ChartData {
  const sums = step.map(() => 0);
  const stacked = Object.entries(shares).map(([key, share]) => {
    const values = smoothed(share);
    const drawn: Column = values.map((value, i) => (value === null ? null : (sums[i] = (sums[i] ?? 0) + value)));
    return { key, name: judgedName(key), values, drawn, area: true };
  });
  return { steps: step, series: stacked.reverse() };
}

function kid({ points }: QualityView): ChartData {
  const column = (pick: (point: QualityView['points'][number]) => number | undefined) =>
    points.map((point) => pick(point) ?? null);
  const roles = Object.keys(points.at(-1)?.generators ?? {});
  const single = roles.length < 2;
  return {
    steps: column(({ step }) => step),
    series: [
      ...(single
        ? []
        : roles.map((role) => ({
            key: role.replace('generator-', 'g'),
            name: role.replace('-', ' '),
            values: column(({ generators }) => generators[role]),
            width: 1.25,
          }))),
      {
        key: 'd',
        name: single ? 'generator' : 'all together',
        values: column(({ kid }) => kid),
        points: true,
        width: 2,
      },
      { key: 'floor', name: 'real data (noise)', values: column(({ floor }) => floor), width: 1.25 },
    ],
  };
}

function spliced(known: HistoryColumns, news: HistoryColumns, from: number): HistoryColumns {
  const join = (before: Column | undefined, after: Column): Column => [...(before ?? []).slice(0, from), ...after];
  return {
    step: join(known.step, news.step),
    discriminatorLoss: join(known.discriminatorLoss, news.discriminatorLoss),
    averageGeneratorLoss: join(known.averageGeneratorLoss, news.averageGeneratorLoss),
    generatorLosses: news.generatorLosses.map((column, i) => join(known.generatorLosses[i], column)),
    verdicts: Object.fromEntries(
      Object.entries(news.verdicts).map(([name, column]) => [name, join(known.verdicts[name], column)]),
    ),
    ms: join(known.ms, news.ms),
  };
}

/** What the marks on the charts are, in words. */
function marksText(markers: readonly Marker[]): string {
  const stepsOf = (kind: Marker['kind']) =>
    markers.filter((marker) => marker.kind === kind).map(({ step }) => count(step));
  const named = (sign: string, what: string, steps: string[]) => {
    const more = steps.length > NAMED_MARKERS ? 'newest of many: ' : '';
    return steps.length === 0 ? [] : [`${sign} ${what} at ${more}${steps.slice(-NAMED_MARKERS).join(', ')}`];
  };
  const ticks = stepsOf('checkpoint').length > 0 ? ['ticks: checkpoints'] : [];
  return [
    ...named('▼', 'step called off', stepsOf('fault')),
    ...named('◀', 'back to the best', stepsOf('rollback')),
    ...ticks,
  ].join('   ');
}

/** A line where the run went back, a tick where it could go back to. */
function drawMarkers(plot: uPlot, markers: readonly Marker[], ticks: boolean): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  for (const { step, kind } of markers) {
    const x = Math.round(plot.valToPos(step, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    if (kind === 'checkpoint' && !ticks) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(
      kind === 'checkpoint' ? '--soft' : kind === 'fault' ? '--fault' : '--rollback',
    );
    ctx.lineWidth = ratio;
    ctx.setLineDash(kind === 'fault' ? [4 * ratio, 3 * ratio] : []);
    const bottom = bbox.top + bbox.height;
    ctx.beginPath();
    ctx.moveTo(x, kind === 'checkpoint' ? bottom - 5 * ratio : bbox.top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    if (kind === 'checkpoint') continue;
    // A triangle on top: down for a fault, to the left for a way back.
    const size = 5 * ratio;
    ctx.beginPath();
    ctx.moveTo(kind === 'fault' ? x - size : x, bbox.top - size);
    ctx.lineTo(kind === 'fault' ? x + size : x, bbox.top + (kind === 'fault' ? -size : size));
    ctx.lineTo(kind === 'fault' ? x : x - size * 1.5, bbox.top + (kind === 'fault' ? size : 0));
    ctx.fill();
  }
  ctx.restore();
}

function drawBest(plot: uPlot, best: QualityView['best']): void {
  if (best === null) return;
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const [x, y] = [plot.valToPos(best.step, 'x', true), plot.valToPos(best.kid, 'y', true)];
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour('--best');
  ctx.lineWidth = 2 * ratio;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.arc(x, y, 6 * ratio, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
  const isRight = x > bbox.left + bbox.width * 0.75;
  ctx.textAlign = isRight ? 'right' : 'left';
  const isLow = y > bbox.top + bbox.height - 22 * ratio;
  ctx.fillText(`best ${distance(best.kid)}`, x + (isRight ? -10 : 10) * ratio, y + (isLow ? -9 : 15) * ratio);
  ctx.restore();
}
