import type { Dashboard } from './classic.js';
import { cluster } from './cluster/index.js';
import { stability } from './stability/index.js';
import { throughput } from './throughput/index.js';

/** Every dashboard, built anew. */
export function dashboards(): Dashboard[] {
  return [stability(), throughput(), cluster()];
}
