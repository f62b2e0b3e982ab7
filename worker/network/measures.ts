/** The metrics of a worker, in its network thread: every step, tensor and pulse passes here anyway. */
import { SPARE, WORKER_METRICS, roleLabel } from '../../common/metrics/names.js';
import { addProcessMetrics } from '../../common/metrics/process.js';
import { MetricRegistry } from '../../common/metrics/registry.js';
import type { Ready } from '../../proto/generated/duet/v1/Ready.js';
import type { Vote } from '../../proto/generated/duet/v1/Vote.js';
import type { CardReading } from './gpu.js';

export class Measures {
  readonly registry = new MetricRegistry();
  readonly #info = this.registry.gauge(WORKER_METRICS.info);
  readonly #phase = this.registry.histogram(WORKER_METRICS.phase);
  readonly #exchangeBytes = this.registry.counter(WORKER_METRICS.exchangeBytes);
  readonly #exchange = this.registry.histogram(WORKER_METRICS.exchange);
  readonly #roundTrip = this.registry.gauge(WORKER_METRICS.roundTrip);
  readonly #tensors = this.registry.gauge(WORKER_METRICS.tensors);
  readonly #gpuMemory = this.registry.gauge(WORKER_METRICS.gpuMemory);
  readonly #gpuMemoryTotal = this.registry.gauge(WORKER_METRICS.gpuMemoryTotal);
  readonly #gpuLoad = this.registry.gauge(WORKER_METRICS.gpuLoad);
  readonly #version: string;
  #role: string = SPARE;

  /** @param roundTripMs of the newest pulse; undefined where none are sent */
  constructor(version: string, roundTripMs: () => number | undefined) {
    this.#version = version;
    addProcessMetrics(this.registry, () => this.#role);
    this.registry.beforeScrape(() => {
      const milliseconds = roundTripMs();
      if (milliseconds === undefined) this.#roundTrip.reset();
      else this.#roundTrip.set({ role: this.#role }, milliseconds / 1000);
    });
  }

  get role(): string {
    return this.#role;
  }

  /** It has this role of this run from now on; an empty one: none. What it counted in another role goes with that. */
  take(run: string, role: string): void {
    this.registry.run = run;
    const now = roleLabel(role);
    if (now === this.#role) return;
    this.#role = now;
    this.registry.reset();
    for (const direction of ['sent', 'received']) this.#exchangeBytes.inc({ role: now, direction }, 0);
  }

  ready({ engine = '', device = '', threads = 0 }: Ready): void {
    this.#info.reset();
    this.#info.set({ role: this.#role, version: this.#version, engine, device, threads: String(threads) }, 1);
  }

  voted({ phases = [], tensors = 0 }: Vote): void {
    const role = this.#role;
    for (const { name = '', milliseconds = 0 } of phases) {
      this.#phase.observe({ role, phase: name }, Number(milliseconds) / 1000);
    }
    if (tensors > 0) this.#tensors.set({ role }, tensors);
  }

  /** A tensor has crossed the exchange. */
  exchanged(direction: 'sent' | 'received', bytes: number, milliseconds: number): void {
    const role = this.#role;
    this.#exchangeBytes.inc({ role, direction }, bytes);
    this.#exchange.observe({ role, direction }, milliseconds / 1000);
  }

  card({ uuid: gpu, usedBytes, totalBytes, load }: CardReading): void {
    const labels = { role: this.#role, gpu };
    for (const metric of [this.#gpuMemory, this.#gpuMemoryTotal, this.#gpuLoad]) metric.reset();
    this.#gpuMemory.set(labels, usedBytes);
    this.#gpuMemoryTotal.set(labels, totalBytes);
    if (load !== undefined) this.#gpuLoad.set(labels, load);
  }
}
