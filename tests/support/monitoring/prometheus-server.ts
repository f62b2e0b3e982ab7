/** A real Prometheus for tests, with the committed configuration and rules, on a port and in a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../hosts/free-port.js';
import type { Scratch } from '../machine/scratch.js';
import { until } from '../runs/run.js';
import { PROMETHEUS_CONFIG } from './alerts.js';

interface Config {
  global: Record<string, string>;
  rule_files: string[];
  scrape_configs: { http_sd_configs: { url: string; refresh_interval: string }[] }[];
}

export interface Series {
  metric: Record<string, string>;
  values: [number, string][];
}

export interface RuleState {
  name: string;
  health: string;
  lastError?: string;
  state: string;
}

export interface Prometheus extends AsyncDisposable {
  /** All points from `since` (seconds since 1970) until now, every `stepSeconds`. @throws what it says of a wrong expression */
  range(expr: string, since: number, stepSeconds?: number): Promise<Series[]>;
  /** The newest value of each series. */
  instant(expr: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  rules(): Promise<RuleState[]>;
}

/** @param discovery URLs of /sd; the rest is as committed, but that it looks every second */
export async function startPrometheus(scratch: Scratch, discovery: readonly string[]): Promise<Prometheus> {
  const config = parse(readFileSync(PROMETHEUS_CONFIG, 'utf8')) as Config;
  config.global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  config.rule_files = config.rule_files.map((file) => resolve(dirname(PROMETHEUS_CONFIG), file));
  for (const job of config.scrape_configs) {
    job.http_sd_configs = discovery.map((url) => ({ url, refresh_interval: '1s' }));
  }
  const file = scratch.write('prometheus.yml', stringify(config));
  const port = await freePort();
  const args = [
    ...['--config.file', file, '--storage.tsdb.path', resolve(scratch.path, 'prometheus')],
    ...['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'warn'],
  ];
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close');
  const origin = `http://127.0.0.1:${port}`;
  await until('Prometheus', async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said}`);
    return await fetch(`${origin}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  const ask = async <T>(path: string, parameters: Record<string, string> = {}): Promise<T> => {
    const response = await fetch(`${origin}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== 'success') throw new Error(`${parameters['query'] ?? path}: ${error}`);
    return data;
  };
  return {
    async range(query, since, stepSeconds = 1) {
      const [start, end, step] = [String(since), String(Date.now() / 1000), String(stepSeconds)];
      return (await ask<{ result: Series[] }>('query_range', { query, start, end, step })).result;
    },
    async instant(query) {
      return (await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>('query', { query }))
        .result;
    },
    async rules() {
      return (await ask<{ groups: { rules: RuleState[] }[] }>('rules')).groups.flatMap(({ rules }) => rules);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
