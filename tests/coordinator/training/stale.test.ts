import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedError } from '../../../common/errors.js';
import { Checkpointing } from '../../../coordinator/training/checkpointing.js';
import type { ControlServerOptions } from '../../../coordinator/training/crew/control-server.js';
import type { Crew } from '../../../coordinator/training/crew/crew.js';
import { coordinationService } from '../../../coordinator/training/crew/service.js';
import type { Run } from '../../../coordinator/training/run.js';
import { ROLES } from '../../support/runs/run.js';

const EPOCH = 7;

/** A service in epoch 7 that has no checkpoint in progress, and what it has counted. */
function serviceOf(): { service: ControlServerOptions; counted: () => number } {
  let stale = 0;
  const crew = { epoch: EPOCH, roster: { countStale: () => (stale += 1) } } as unknown as Crew;
  const run = { settings: {}, step: 0 } as unknown as Run;
  const checkpointing = new Checkpointing({
    run,
    roles: ROLES,
    epoch: () => EPOCH,
    needed: () => [],
    written: () => {},
    settled: () => {},
  });
  const parts = { run, roles: ROLES, crew, checkpointing, injections: {} as never };
  return { service: coordinationService(parts), counted: () => stale };
}

function assertRefused(action: () => unknown, status: string, reason: RegExp): void {
  assert.throws(
    action,
    (error) => error instanceof RefusedError && error.status === status && reason.test(error.message),
  );
}

test('an upload and a load of an old epoch are refused and counted; what is wrong in another way is not counted', () => {
  const { service, counted } = serviceOf();
  const header = { role: 'generator-1', step: 0, epoch: EPOCH - 1, bytes: 4 };
  assertRefused(() => service.openState(header), 'FAILED_PRECONDITION', /a state of epoch 6, the run is in epoch 7/);
  assert.equal(counted(), 1);
  assertRefused(() => service.readState(header), 'FAILED_PRECONDITION', /a load of epoch 6, the run is in epoch 7/);
  assert.equal(counted(), 2);
  assertRefused(() => service.readState({ ...header, role: 'generator-9' }), 'NOT_FOUND', /no state of 'generator-9'/);
  assert.equal(counted(), 2);
});
