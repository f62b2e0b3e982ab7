/** Mutual TLS of a worker: what its certificate must be good for. */
import type { Log } from '../../common/log/log.js';
import type { TrustFiles } from '../../common/trust/files.js';
import type { Demands } from '../../common/trust/identity.js';
import { Trust } from '../../common/trust/trust.js';

/** It dials the coordinator and the discriminator, and as the discriminator is dialled itself. @param host its --host */
export function demandsOn(host: string): Demands {
  return { names: [host], uses: ['server', 'client'] };
}

/** Uses new files when they change, and logs that. @returns undefined: no TLS @throws UsageError */
export function openTrust(files: TrustFiles | undefined, host: string, log: Log): Trust | undefined {
  if (files === undefined) return undefined;
  return Trust.open(files, demandsOn(host)).watch((kind, text) =>
    log(kind === 'renewed' ? 'info' : 'error', `certificate-${kind}`, text),
  );
}
