/** The one door to prom-client: metrics as they are specified (names.ts), and their text for a scrape. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricSpec } from './names.js';

type LabelOf<S extends MetricSpec> = S['labels'][number];
type Of<T extends MetricSpec['type']> = MetricSpec & { type: T };

export type { Counter, Gauge, Histogram };

export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #collectors: (() => void)[] = [];

  /** The value of the label `run` on all that follows; empty: it is left out. */
  set run(id: string) {
    this.#registry.setDefaultLabels(id === '' ? {} : { run: id });
  }

  counter<const S extends Of<'counter'>>({ name, help, labels }: S): Counter<LabelOf<S>> {
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  gauge<const S extends Of<'gauge'>>({ name, help, labels }: S): Gauge<LabelOf<S>> {
    const gauge = new Gauge<LabelOf<S>>({ name, help, labelNames: [...labels], registers: [this.#registry] });
    // What was never measured has no value: prom-client begins a gauge without labels at 0.
    if (labels.length === 0) gauge.remove();
    return gauge;
  }

  histogram<const S extends Of<'histogram'>>({ name, help, labels, buckets = [] }: S): Histogram<LabelOf<S>> {
    return new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }

  /** Called before every scrape, to set what is looked up rather than counted. */
  beforeScrape(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Everything that was counted so far belongs to something that is no more. */
  reset(): void {
    this.#registry.resetMetrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of them in Prometheus' text format. */
  async text(): Promise<string> {
    for (const collect of this.#collectors) collect();
    return await this.#registry.metrics();
  }
}
