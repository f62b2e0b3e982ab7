/** Mutual TLS of a coordinator: its files, checked before anything else begins, and what is told of them later. */
import { isAny } from '../../../common/hosts.js';
import { trustFilesOf } from '../../../common/trust/files.js';
import { Trust } from '../../../common/trust/trust.js';
import type { RunSettings } from '../../run/config/options.js';
import type { RunLog } from './run-log.js';

/** @returns undefined: no TLS @throws UsageError when the files cannot be used */
export function openTrust(settings: RunSettings): Trust | undefined {
  const files = trustFilesOf(settings);
  if (files === undefined) return undefined;
  const { host, placement, store } = settings;
  // One that listens everywhere is dialled by names that only those who dial know. Local workers are on loopback.
  const names = [...(isAny(host) ? [] : [host]), ...(placement === 'local' ? ['127.0.0.1'] : [])];
  return Trust.open(files, { names, uses: store === 'file' ? ['server'] : ['server', 'client'] });
}

/** From now on files that change are used, and the log says so. */
export function watchTrust(trust: Trust | undefined, log: RunLog): void {
  trust?.watch((kind, text) => log.trust(kind === 'renewed' ? 'info' : 'error', `certificate-${kind}`, text));
}
