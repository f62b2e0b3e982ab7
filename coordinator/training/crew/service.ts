/** What the coordinator's gRPC service does with a call, in terms of the run. */
import { RefusedError } from '../../../common/errors.js';
import type { RefusedListener } from '../../../common/rpc.js';
import type { Trust } from '../../../common/trust/trust.js';
import type { Injections } from '../../chaos/injections.js';
import { readRole } from '../../run/checkpoints/checkpoints.js';
import type { Checkpointing } from '../checkpointing.js';
import type { Run } from '../run.js';
import type { ControlServerOptions } from './control-server.js';
import type { Crew } from './crew.js';

interface ServiceParts {
  run: Run;
  roles: readonly string[];
  crew: Crew;
  checkpointing: Checkpointing;
  injections: Injections;
  trust?: Trust | undefined;
  refused?: RefusedListener | undefined;
}

export function coordinationService({
  run,
  roles,
  crew,
  checkpointing,
  injections,
  trust,
  refused,
}: ServiceParts): ControlServerOptions {
  const { host, port } = run.settings;
  /** Counts what is refused for its epoch. */
  function counted<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof RefusedError && error.status === 'FAILED_PRECONDITION') crew.roster.countStale();
      throw error;
    }
  }
  return {
    host,
    port,
    token: run.token,
    trust,
    refused,
    events: crew.roster.events,
    admit: () => crew.roster.admit(),
    openState: (header) => counted(() => checkpointing.open(header)),
    stateSaved: () => checkpointing.saved(),
    stateFailed: (error) => checkpointing.failed(error),
    readState: ({ role, step, epoch }) =>
      counted(() => {
        if (!roles.includes(role) || step !== checkpointing.newest) {
          throw new RefusedError('NOT_FOUND', `there is no state of '${role}' at step ${step} to load`);
        }
        if (epoch !== crew.epoch) {
          throw new RefusedError('FAILED_PRECONDITION', `a load of epoch ${epoch}, the run is in epoch ${crew.epoch}`);
        }
        return readRole(run.directory, step, role);
      }),
    inject: (fault, withdrawn) => injections.request(fault, withdrawn),
  };
}
