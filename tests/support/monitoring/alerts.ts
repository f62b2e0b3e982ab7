/** The alert rules of deploy/prometheus/ and their cases in tests/deploy/prometheus/, as they are written. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

/** dist/tests/support/monitoring/ lies four levels below the package's root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
export const PROMETHEUS_CONFIG = join(ROOT, 'deploy', 'prometheus', 'prometheus.yml');
export const ALERT_RULES = join(ROOT, 'deploy', 'prometheus', 'alerts.yml');
export const OPERATIONS = join(ROOT, 'docs', 'operations.md');
const CASES = join(ROOT, 'tests', 'deploy', 'prometheus');

const alertSchema = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
export type Alert = z.infer<typeof alertSchema>;

const rulesSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alertSchema) })),
});

const casesSchema = z.object({
  rule_files: z.array(z.string()),
  tests: z.array(
    z.object({
      name: z.string(),
      alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
    }),
  ),
});

export interface AlertCase {
  /** Of the test that it is part of. */
  name: string;
  alert: string;
  fires: boolean;
}

/** Every alert rule, in its order. @throws when one lacks something, or has what none should have */
export function readAlerts(): Alert[] {
  return rulesSchema.parse(parse(readFileSync(ALERT_RULES, 'utf8'))).groups.flatMap(({ rules }) => rules);
}

/** The files for `promtool test rules`. */
export function caseFiles(): string[] {
  return readdirSync(CASES)
    .filter((name) => name.endsWith('.test.yml'))
    .map((name) => join(CASES, name));
}

export function readCases(): AlertCase[] {
  return caseFiles()
    .flatMap((file) => casesSchema.parse(parse(readFileSync(file, 'utf8'))).tests)
    .flatMap(({ name, alert_rule_test }) =>
      alert_rule_test.map(({ alertname, exp_alerts }) => ({ name, alert: alertname, fires: exp_alerts.length > 0 })),
    );
}
