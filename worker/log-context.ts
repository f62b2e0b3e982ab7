/** Where a thread of a worker stands in its run, for its log: follows what the coordinator says. */
import type { LogContext } from '../common/log/log.js';
import type { ToCompute } from './messages.js';

export function newContext(): LogContext {
  return { run: '', role: 'spare', epoch: 0, step: 0 };
}

export function follow(context: LogContext, message: ToCompute): void {
  switch (message.kind) {
    case 'assign': {
      const { run, role, epoch, step } = message.assignment;
      Object.assign(context, { run, role, epoch, step });
      break;
    }
    case 'restore': {
      const { epoch, step } = message.restore;
      Object.assign(context, { epoch, step });
      break;
    }
    case 'begin':
      Object.assign(context, { epoch: message.epoch, step: message.begin.step - 1 });
      break;
    case 'commit':
      Object.assign(context, { epoch: message.epoch, step: message.commit.step });
      break;
  }
}
