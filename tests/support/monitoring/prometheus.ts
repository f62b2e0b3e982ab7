/** Prometheus' own checker for tests: promtool of the machine. */
import { spawnSync } from 'node:child_process';

const INSTALL = 'apt-get install prometheus';

/** Options of a test that asks Prometheus' own parser. */
export const NEEDS_PROMTOOL = { skip: whyNot('promtool') };

/** Options of a test that starts a server. */
export const NEEDS_PROMETHEUS = { skip: whyNot('prometheus') };

/** Whether it can be started and tells its version: a reason, or false. */
function whyNot(command: string): string | false {
  return spawnSync(command, ['--version']).status === 0 ? false : `${command} is not on PATH: ${INSTALL}`;
}

/** @returns what it says, when it finds nothing wrong @throws with all that it says otherwise */
export function promtool(...args: string[]): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}
