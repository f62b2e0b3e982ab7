/** Who is there, as metrics. */
import { RUN_METRICS as M, SPARE, roleLabel } from '../../common/metrics/names.js';
import type { MetricRegistry } from '../../common/metrics/registry.js';
import { WORKER_STATES, type WorkerView } from '../view/run-view.js';

export class WorkerMeasures {
  readonly #workers;
  readonly #heartbeatAge;

  constructor(registry: MetricRegistry) {
    this.#workers = registry.gauge(M.workers);
    this.#heartbeatAge = registry.gauge(M.heartbeatAge);
  }

  look(workers: readonly WorkerView[]): void {
    this.#heartbeatAge.reset();
    const roles = new Set([SPARE, ...workers.map(({ role }) => roleLabel(role))]);
    for (const role of roles) {
      const mine = workers.filter((worker) => roleLabel(worker.role) === role);
      for (const state of WORKER_STATES) {
        // A spare is never missing: nobody needs it.
        if (role === SPARE && state === 'missing') continue;
        this.#workers.set({ role, state }, mine.filter((worker) => worker.state === state).length);
      }
      const ages = mine.filter(({ worker }) => worker !== '').map(({ heartbeatMs }) => heartbeatMs / 1000);
      if (ages.length > 0) this.#heartbeatAge.set({ role }, Math.max(...ages));
    }
  }
}
