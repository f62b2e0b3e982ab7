/** run.json: what the run is doing now, for people and scripts beside it. */
import type { RunDirectory } from './directory.js';

export interface RunStatus {
  id: string;
  state: 'starting' | 'running' | 'finished' | 'stopped' | 'failed';
  /** The coordinator's process. */
  pid: number;
  /** gRPC address in use. */
  address: string;
  /** URL of the live page, while there is one. */
  page?: string;
  /** URL of the coordinator's metrics; /sd beside it lists those of the workers. */
  metrics?: string;
  /** Steps committed at the last change of state. */
  step: number;
  /** Why it ended, unless it came to its last step. */
  reason?: string;
}

export function writeStatus(directory: RunDirectory, status: RunStatus): void {
  const { page: _page, metrics: _metrics, ...lasting } = status;
  const lives = status.state === 'starting' || status.state === 'running';
  directory.writeJson('run.json', lives ? status : lasting);
}
