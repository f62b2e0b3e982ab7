/** Addresses to listen on: as long as there is no mutual TLS, others reach a run only when its user says that they may. */
import { isIPv4, isIPv6 } from 'node:net';
import { UsageError } from './errors.js';

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** @throws UsageError for an address that others can reach, unless `insecure` */
export function assertHost(host: string, insecure: boolean, flag = '--host'): void {
  if (/[\s/[\]]/.test(host) || (host.includes(':') && !isIPv6(host))) {
    throw new UsageError(
      `${flag} ${JSON.stringify(host)} is not an address: give an IP address or a host name, the port by itself`,
    );
  }
  if (isLoopback(host) || insecure) return;
  throw new UsageError(
    `${flag} ${host} can be reached by others, and there is no encryption yet: leave it at 127.0.0.1, or add --insecure in a network that you trust`,
  );
}

/** An address to tell others. @throws UsageError as `assertHost`, and for one that stands for all of a machine's */
export function assertReachable(host: string, insecure: boolean): void {
  assertHost(host, insecure);
  if (host === '0.0.0.0' || host === '::') {
    throw new UsageError(
      `--host ${host} is not an address that the generators could connect to: give the one by which this machine is reached`,
    );
  }
}
