import { spawnSync } from 'node:child_process';

/** Options of a test that asks Prometheus' own parser. */
export const NEEDS_PROMTOOL = {
  skip:
    spawnSync('promtool', ['--version']).error === undefined
      ? false
      : 'promtool is not on PATH: install Prometheus (apt-get install prometheus, or prometheus.io/download)',
};
