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
export function openStore(
  { store }: StoreSettings,
  parent: string,
  _waiting: (text: string) => void,
): Promise<RunStore> {
  if (store === 'file') return Promise.resolve(fileStore(parent));
  return Promise.reject(
    new UsageError(`--store ${store} is not possible: choose file, nats://HOST:PORT or tls://HOST:PORT`),
  );
}
