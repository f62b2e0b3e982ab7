/** Tells whoever listens of a message between the two threads of a worker. */
import { type MessageEdge, type MessageSubject, messageCrosses } from '../common/observation.js';
import type { ToCompute, ToNetwork } from './messages.js';

export function observeMessage(
  thread: MessageEdge['thread'],
  edge: MessageEdge['edge'],
  message: ToCompute | ToNetwork,
): void {
  if (!messageCrosses.heard) return;
  if (message.kind === 'judgements') {
    const { epoch, step, judgements } = message;
    // One message, of every generator's.
    for (const i of judgements.keys())
      messageCrosses.tell({ thread, edge, kind: 'judgement', epoch, step, generator: i + 1 });
    return;
  }
  const generator = 'generator' in message ? { generator: message.generator } : {};
  messageCrosses.tell({ thread, edge, ...subjectOf(message), ...generator });
}

function subjectOf(message: ToCompute | ToNetwork): MessageSubject {
  const { kind } = message;
  switch (kind) {
    case 'assign': {
      const { epoch, step, role } = message.assignment;
      return { kind, epoch, step, role };
    }
    case 'begin':
      return { kind, epoch: message.begin.epoch, step: message.begin.step };
    case 'commit':
      return { kind, epoch: message.commit.epoch, step: message.commit.step };
    case 'vote': {
      const { epoch = 0, step } = message.vote;
      return { kind, epoch, step: Number(step) };
    }
    case 'fakes':
    case 'judgement':
      return { kind, epoch: message.epoch, step: message.step };
    default:
      return { kind };
  }
}
