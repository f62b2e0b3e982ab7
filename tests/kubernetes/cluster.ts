/** A cluster for a test file: the control plane and the stand-in for the kubelet. */
import { until } from '../support/runs/run.js';
import type { Api } from './api/client.js';
import type { Pod } from './api/objects.js';
import { whyNoControlPlane } from './control-plane/programs.js';
import { type ControlPlane, startControlPlane } from './control-plane/start.js';
import type { Image } from './kubelet/image.js';
import { type Kubelet, startKubelet, whyNoKubelet } from './kubelet/kubelet.js';

export interface Cluster extends AsyncDisposable {
  api: Api;
  kubectl: ControlPlane['kubectl'];
  kubelet: Kubelet;
}

/** Options of a test that needs one. */
export const NEEDS_CLUSTER = { skip: whyNoControlPlane() || whyNoKubelet() };

export async function startCluster(imageOf: (reference: string) => Image): Promise<Cluster> {
  const plane = await startControlPlane();
  try {
    const kubelet = await startKubelet(plane.api, imageOf);
    return {
      api: plane.api,
      kubectl: plane.kubectl,
      kubelet,
      async [Symbol.asyncDispose]() {
        await kubelet[Symbol.asyncDispose]();
        await plane[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await plane[Symbol.asyncDispose]();
    throw error;
  }
}

export const podPath = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/pods/${name}`;

/** Waits until a Pod is as wanted. @returns it */
export async function podThat(
  { api }: Pick<Cluster, 'api'>,
  namespace: string,
  name: string,
  what: string,
  fits: (pod: Pod) => boolean,
): Promise<Pod> {
  let last: Pod | undefined;
  try {
    return await until(`${name} that ${what}`, async () => {
      last = await api.find<Pod>(podPath(namespace, name));
      return last && fits(last) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last?.status)}`, { cause: error });
  }
}

export const isReady = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
