/** What `npm test` does before the tests of tests/kubernetes: a control plane takes minutes to build, the first time. */
import { prepareCustomResources } from '../../kubernetes/control-plane/custom-resources.js';
import { prepareControlPlane, whyNoControlPlane } from '../../kubernetes/control-plane/programs.js';
import { prepareKubectl } from './kubectl.js';

const why = whyNoControlPlane();
if (why === false) {
  const { apiServer } = await prepareControlPlane();
  await prepareCustomResources();
  process.stdout.write(`Kubernetes: ${apiServer}, ${await prepareKubectl()}\n`);
} else process.stdout.write(`Kubernetes: ${why}\n`);
