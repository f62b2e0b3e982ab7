/** The store that a run was asked to last in. */
import { UsageError } from '../../common/errors.js';
import { trustFilesOf } from '../../common/trust/files.js';
import type { RunSettings } from '../run/config/options.js';
import { fileStore } from './file/file-store.js';
import type { RunStore } from './run-store.js';

type StoreSettings = Pick<RunSettings, 'store' | 'storeCredentials' | 'insecure' | 'tlsCert' | 'tlsKey' | 'tlsCa'>;

/**
 * @param parent folder of the run directory
 * @param waiting told once when the store does not answer at once
 * @throws UsageError when it cannot be used
 */
export async function openStore(
  settings: StoreSettings,
  parent: string,
  waiting: (text: string) => void,
): Promise<RunStore> {
  const { store, storeCredentials, insecure } = settings;
  if (store === 'file') {
    if (storeCredentials === undefined) return fileStore(parent);
    throw new UsageError('--store-credentials is for a store in NATS: add --store nats://HOST:PORT, or leave it away');
  }
  // Loaded by those only who want it: a start without it is quicker.
  const tls = trustFilesOf(settings);
  const { openNatsStore } = await import('./nats/nats-store.js');
  return await openNatsStore({
    url: store,
    insecure,
    waiting,
    ...(storeCredentials === undefined ? {} : { credentials: storeCredentials }),
    ...(tls && { tls }),
  });
}
