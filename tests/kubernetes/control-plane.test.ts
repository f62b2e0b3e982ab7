import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from './api/client.js';
import { whyNoControlPlane } from './control-plane/programs.js';
import { startControlPlane } from './control-plane/start.js';

test(
  'a control plane of Kubernetes 1.36 answers, knows who asks, and refuses whoever it does not know',
  { skip: whyNoControlPlane() },
  async () => {
    await using plane = await startControlPlane();
    assert.equal((await plane.api.get<{ gitVersion: string }>('/version')).gitVersion, 'v1.36.3');
    assert.match(await plane.kubectl(['auth', 'whoami']), /system:masters/);
    using stranger = connect({ ...plane.credentials, token: 'guessed' });
    await assert.rejects(stranger.get('/api/v1/pods'), /401/);
    using scheduler = connect({ ...plane.credentials, token: plane.schedulerToken });
    await scheduler.get('/api/v1/pods');
    await assert.rejects(scheduler.get('/api/v1/secrets'), /403.*cannot list resource "secrets"/);
  },
);
