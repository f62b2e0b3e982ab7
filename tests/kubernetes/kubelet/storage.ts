/** A default storage class: whoever claims gets a folder. Binding is done by the real controller. */
import { join } from 'node:path';
import type { Api } from '../api/client.js';
import type { Claim } from '../api/objects.js';
import { watch } from '../api/watch.js';

const CLASS = 'standard';

/** Serves claims until the signal. @param folder which gets a folder for each of them */
export async function serveStorage(api: Api, folder: string, signal: AbortSignal): Promise<void> {
  await api.create('/apis/storage.k8s.io/v1/storageclasses', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'duet.test/folder',
    volumeBindingMode: 'Immediate',
  });
  const served = new Set<string>();
  void watch<Claim>(api, '/api/v1/persistentvolumeclaims', signal, ({ metadata, spec }, change) => {
    if (change === 'gone' || spec.volumeName || spec.storageClassName !== CLASS || served.has(metadata.uid)) return;
    served.add(metadata.uid);
    const { name, namespace, uid } = metadata;
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `volume-${uid}` },
      spec: {
        capacity: { storage: spec.resources.requests.storage },
        accessModes: spec.accessModes,
        storageClassName: CLASS,
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
        hostPath: { path: join(folder, uid) },
      },
    };
    api.create('/api/v1/persistentvolumes', volume).catch(() => served.delete(uid));
  });
}
