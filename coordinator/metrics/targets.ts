/** /sd: the processes of a run, for Prometheus' service discovery by HTTP. */
import { roleLabel } from '../../common/metrics/names.js';
import type { WorkerView } from '../view/run-view.js';

/** One element of the JSON that `http_sd_configs` reads. */
export interface TargetGroup {
  targets: string[];
  /** Gone after relabelling: the metrics carry run and role themselves. */
  labels: { __meta_duet_run: string; __meta_duet_role: string };
}

/** @param own host:port at which whoever asks has reached the coordinator's metrics */
export function targetGroups(run: string, own: string, workers: readonly WorkerView[]): TargetGroup[] {
  const group = (target: string, role: string): TargetGroup => ({
    targets: [target],
    labels: { __meta_duet_run: run, __meta_duet_role: role },
  });
  return [
    group(own, 'coordinator'),
    ...workers.filter(({ metrics }) => metrics !== '').map(({ metrics, role }) => group(metrics, roleLabel(role))),
  ];
}
