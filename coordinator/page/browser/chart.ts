/** A chart over steps: uPlot in the page's colours, with a legend that shows values, and the same in words. */
import uPlot from 'uplot';
import type { Column } from '../../view/messages.js';
import { colour, dashOf, onThemeChange, variableOf } from './colours.js';
import { element, setText } from './dom.js';
import { count } from './format.js';

export interface Series {
  /** What its colour is called: d, x, average, g1, ... */
  key: string;
  name: string;
  /** What is said of it. */
  values: Column;
  /** What is drawn, where that is another thing (stacked areas). */
  drawn?: Column;
  area?: boolean;
  /** Behind the others, and not in the legend. */
  faint?: boolean;
  points?: boolean;
  width?: number;
}

export interface ChartData {
  steps: Column;
  series: Series[];
}

interface ChartOptions {
  /** For who does not see it. */
  label: string;
  height: number;
  format(value: number | null | undefined): string;
  /** Numbers at the vertical axis; undefined: as short as they can be. */
  axis?(value: number): string;
  /** Of the vertical axis; undefined: as the data ask for. */
  range?: [number, number];
  /** Equal ratios are equal heights. Asked at each change. */
  log?(data: ChartData): boolean;
  /** Draws on top, in pixels of the canvas. */
  draw?(plot: uPlot): void;
  empty: string;
}

/** uPlot.Scale.Distr.Logarithmic: a const enum, which only types see. */
const LOGARITHMIC = 3 as unknown as uPlot.Scale.Distr;
const FONT = '11px system-ui, sans-serif';

export class Chart {
  readonly #options: ChartOptions;
  readonly #host = element('div', { class: 'plot', role: 'img' });
  readonly #legend = element('ul', { class: 'legend' });
  readonly #summary = element('p', { class: 'hidden' });
  readonly #empty: HTMLElement;
  #plot: uPlot | undefined;
  #kind = '';
  #data: ChartData = { steps: [], series: [] };
  #last = 1;
  /** Of the legend, by series. */
  readonly #values = new Map<string, HTMLElement>();

  constructor(parent: HTMLElement, options: ChartOptions) {
    this.#options = options;
    this.#empty = element('p', { class: 'empty' }, options.empty);
    this.#summary.id = `${parent.id}-summary`;
    this.#host.setAttribute('aria-label', options.label);
    this.#host.setAttribute('aria-describedby', this.#summary.id);
    parent.append(this.#empty, this.#host, this.#legend, this.#summary);
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#host);
    onThemeChange(() => this.#plot?.redraw(false, false));
  }

  /** @param last the step at the right end */
  set(data: ChartData, last: number): void {
    this.#data = data;
    this.#last = Math.max(last, 2);
    const isEmpty = data.steps.length === 0;
    this.#empty.hidden = !isEmpty;
    for (const part of [this.#host, this.#legend]) part.hidden = isEmpty;
    setText(this.#summary, isEmpty ? '' : this.#words());
    if (isEmpty) return;
    const log = this.#options.log?.(data) ?? false;
    const kind = `${log} ${data.series.map(({ key }) => key).join(' ')}`;
    if (this.#plot === undefined || kind !== this.#kind) this.#make(kind, log);
    else this.#plot.setData(this.#columns());
    this.#showValues(null);
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.#host.clientWidth), height: this.#options.height };
  }

  #columns(): uPlot.AlignedData {
    const { steps, series } = this.#data;
    return [steps, ...series.map(({ values, drawn }) => drawn ?? values)] as uPlot.AlignedData;
  }

  #make(kind: string, log: boolean): void {
    this.#plot?.destroy();
    this.#kind = kind;
    this.#plot = new uPlot(this.#layout(log), this.#columns(), this.#host);
    this.#values.clear();
    const items = this.#data.series.map(({ key, name, area, faint }) => {
      if (faint === true) return undefined;
      const swatch = element('span', { class: area === true ? 'swatch area' : 'swatch', 'aria-hidden': 'true' });
      swatch.style.setProperty('--colour', `var(${variableOf(key)})`);
      if (dashOf(key).length > 0 && area !== true) swatch.classList.add('dashed');
      const value = element('b');
      this.#values.set(key, value);
      return element('li', {}, swatch, `${name} `, value);
    });
    this.#legend.replaceChildren(...this.#told(items).filter((item) => item !== undefined));
  }

  #layout(log: boolean): uPlot.Options {
    const { range, draw, axis: label = shortest } = this.#options;
    const axis: uPlot.Axis = {
      stroke: () => colour('--soft'),
      font: FONT,
      grid: { stroke: () => colour('--grid'), width: 1 },
      ticks: { show: false },
    };
    const fixed = range === undefined ? {} : { range };
    return {
      ...this.#size(),
      padding: [10, 18, 0, 0],
      legend: { show: false },
      // The grid shows through areas; lines lie on it. (The declaration has a const enum, which no bundler can read.)
      drawOrder: (this.#hasAreas ? ['series', 'axes'] : ['axes', 'series']) as unknown as uPlot.DrawOrderKey[],
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'steps', scales: ['x', null] } },
      scales: {
        x: { time: false, range: () => [1, this.#last] },
        y: log ? { distr: LOGARITHMIC, range: (_, low, high) => [low / 1.3, high * 1.3] } : fixed,
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 4,
          values: (_, splits) => splits.map((step) => (Number.isInteger(step) ? count(step) : '')),
        },
        {
          ...axis,
          size: 52,
          gap: 4,
          space: 28,
          values: (_, splits) => splits.map(label),
          ...(log
            ? {
                splits: (_: uPlot, __: number, low: number, high: number) => logSplits(low, high),
                filter: (_: uPlot, splits: number[]) => splits,
              }
            : {}),
        },
      ],
      series: [
        {},
        ...this.#data.series.map(
          ({ key, area = false, faint = false, points = false, width = 1.75 }): uPlot.Series => ({
            alpha: faint ? 0.22 : 1,
            stroke: () => colour(variableOf(key)),
            width: area ? 1 : width,
            dash: area || faint ? [] : dashOf(key),
            points: points ? { show: true, size: 5, fill: () => colour(variableOf(key)) } : { show: false },
            spanGaps: true,
            ...(area ? { fill: () => colour(variableOf(key)) } : {}),
          }),
        ),
      ],
      hooks: {
        setCursor: [(plot) => this.#showValues(plot.cursor.idx ?? null)],
        draw: draw === undefined ? [] : [draw],
      },
    };
  }

  /** @param index of the point under the cursor; null: the newest */
  #showValues(index: number | null): void {
    for (const { key, values, faint } of this.#data.series) {
      const node = this.#values.get(key);
      if (node !== undefined && faint !== true) setText(node, this.#options.format(values[index ?? values.length - 1]));
    }
  }

  /** Areas are drawn from the highest sum to the lowest, and told from the lowest to the highest. */
  #told<T>(inOrder: readonly T[]): T[] {
    return this.#hasAreas ? [...inOrder].reverse() : [...inOrder];
  }

  get #hasAreas(): boolean {
    return this.#data.series.some(({ area }) => area === true);
  }

  #words(): string {
    const { steps, series } = this.#data;
    const { format } = this.#options;
    const said = this.#told(series.filter(({ faint }) => faint !== true)).map(({ name, values }) => {
      const numbers = values.filter((value) => value !== null);
      if (numbers.length === 0) return `${name}: no values.`;
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
      return `${name}: ${format(numbers.at(0))} at first, ${format(numbers.at(-1))} now, between ${format(low)} and ${format(high)}.`;
    });
    return `Steps ${count(steps[0] ?? 0)} to ${count(steps.at(-1) ?? 0)}. ${said.join(' ')}`;
  }
}

/** 0.5000 → 0.5 */
function shortest(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** 0.1, 0.2, 0.5, 1, 2, 5, ... */
function logSplits(low: number, high: number): number[] {
  const splits: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of [1, 2, 5]) {
      const value = Number((factor * 10 ** power).toPrecision(1));
      if (value >= low && value <= high) splits.push(value);
    }
  }
  return splits;
}
