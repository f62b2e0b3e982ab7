import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlPlane } from './control-plane/start.js';
import { whyNoControlPlane } from './control-plane/programs.js';

test(
  'a control plane of Kubernetes 1.36 answers, knows who asks, and refuses who may not',
  { skip: whyNoControlPlane() },
  async () => {
    const since = performance.now();
    await using plane = await startControlPlane();
    console.log(`${Math.round(performance.now() - since)} ms`);
    assert.equal((await plane.api.get<{ gitVersion: string }>('/version')).gitVersion, 'v1.36.3');
    assert.match(plane.kubectl(['auth', 'whoami']), /admin/);
    console.log(plane.kubectl(['get', 'ns']));
  },
);
