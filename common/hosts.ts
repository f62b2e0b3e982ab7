/** Addresses to listen on, and to tell others: what others can reach needs mutual TLS, or a user who says that it need not. */
import { isIPv4, isIPv6 } from 'node:net';
import { UsageError } from './errors.js';

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** What makes up for an address that others can reach. */
export interface Protection {
  /** The user has said that the network is to be trusted. */
  insecure: boolean;
  /** There is mutual TLS; undefined: the command knows none. */
  tls?: boolean;
}

/** @throws UsageError for an address that others can reach, without protection */
export function assertHost(host: string, { insecure, tls }: Protection, flag = '--host'): void {
  assertAddress(host, flag);
  if (isLoopback(host) || insecure || tls === true) return;
  const cure = tls === undefined ? '' : 'give --tls-cert, --tls-key and --tls-ca (mutual TLS, docs/security.md), ';
  throw new UsageError(
    `${flag} ${host} can be reached by others, without encryption: ${cure}leave it at 127.0.0.1, or add --insecure in a network that you trust`,
  );
}

function assertAddress(host: string, flag: string): void {
  if (/[\s/[\]]/.test(host) || (host.includes(':') && !isIPv6(host))) {
    throw new UsageError(
      `${flag} ${JSON.stringify(host)} is not an address: give an IP address or a host name, the port by itself`,
    );
  }
}

/** A name or address to tell others. @throws UsageError for one that stands for all of a machine's, or is none */
export function assertReachable(host: string, flag = '--host'): void {
  assertAddress(host, flag);
  if (isAny(host)) {
    throw new UsageError(
      `${flag} ${host} is not an address that others could connect to: give the one by which this machine is reached, and ${host} by --listen`,
    );
  }
}

/** True for what stands for all addresses of a machine. */
export function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Of host:port. */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Of host:port. */
export function portOf(address: string): number {
  return Number(/\d+$/.exec(address)?.[0]);
}

/** Where this machine itself reaches who listens there: by loopback, which a certificate can name, for all addresses. */
export function fromHere(address: string): string {
  return isAny(hostOf(address)) ? address.replace(/^.*:(?=\d+$)/, '127.0.0.1:') : address;
}
