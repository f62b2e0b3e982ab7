/** The store that a run was asked to last in. */
import { UsageError } from '../../common/errors.js';
import type { RunSettings } from '../run/options.js';
import { fileStore } from './file/file-store.js';
import type { RunStore } from './run-store.js';

type StoreSettings = Pick<RunSettings, 'store' | 'storeCredentials' | 'tlsCert' | 'tlsKey' | 'tlsCa'>;

/**
 * @param parent folder of the run directory
 * @param waiting told once when the store does not answer at once
 * @throws UsageError when it cannot be used
 */
export async function openStore(
  { store, storeCredentials, tlsCert, tlsKey, tlsCa }: StoreSettings,
  parent: string,
  waiting: (text: string) => void,
): Promise<RunStore> {
  if (store === 'file') {
    if (storeCredentials === undefined) return fileStore(parent);
    throw new UsageError('--store-credentials is for a store in NATS: add --store nats://HOST:PORT, or leave it away');
  }
  // Loaded by those only who want it: a start without it is quicker.
  const { openNatsStore } = await import('./nats/nats-store.js');
  return await openNatsStore({
    url: store,
    waiting,
    ...(storeCredentials === undefined ? {} : { credentials: storeCredentials }),
    ...(tlsCert === undefined || tlsKey === undefined || tlsCa === undefined
      ? {}
      : { tls: { cert: tlsCert, key: tlsKey, ca: tlsCa } }),
  });
}
