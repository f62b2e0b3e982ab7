/** A run of a discriminator and one generator as the recorder would have written it down: step 2 goes from 100 to 200 ms. */
import type { ProfileRecord, ThreadRecords } from '../../../bench/profile/records.js';
import type { EngineCall, MessageEdge, TensorEdge } from '../../../common/observation.js';

export const PIDS = { coordinator: 1, discriminator: 2, generator: 3 } as const;

/** @param fakesSent when the generator's forward pass has ended; the discriminator has all of the fakes 5 ms later */
export function handMade(fakesSent = 136): ThreadRecords[] {
  const { coordinator, discriminator, generator } = PIDS;
  const arrived = fakesSent + 5;
  return [
    {
      pid: coordinator,
      thread: 0,
      records: [
        word(100, 'commit-sent', 1),
        word(170, 'vote-received', 2, 'discriminator'),
        word(195, 'vote-received', 2, 'generator-1'),
        word(200, 'commit-sent', 2),
      ],
    },
    {
      pid: discriminator,
      thread: 0,
      records: [
        message(1, 'compute', 'taken', 'assign', 0, { role: 'discriminator' }),
        phase(90, 'between-steps', 0),
        message(91, 'compute', 'sent', 'vote', 1, { delay: 0 }),
        message(104, 'compute', 'taken', 'commit', 1, { delay: 2 }),
        phase(106, 'real-half', 2),
        call(108, 20, 'op', 'Conv2D', [[4, 2], [2, 3]]), // prettier-ignore
        phase(130, 'wait-activations', 6),
        message(Math.max(arrived + 1, 130.5), 'compute', 'taken', 'fakes', 2, { generator: 1 }),
        phase(143, 'update', 6),
        call(145, 6, 'op', 'MatMul', [[4, 3], [3, 1]]), // prettier-ignore
        call(152, 2, 'op', 'MatMul', [[4, 3], [3, 1]]), // prettier-ignore
        call(155, 3, 'op', 'Sqrt', [[9]]),
        phase(160, 'judge', 6),
        call(161, 1, 'read', 'read', [[4, 2]], 32),
        message(166, 'compute', 'sent', 'judgement', 2, { generator: 1 }),
        phase(167, 'between-steps', 6),
        message(168, 'compute', 'sent', 'vote', 2, { delay: 6 }),
        message(204, 'compute', 'taken', 'commit', 2, { delay: 6 }),
        phase(205, 'real-half', 6),
      ],
    },
    {
      pid: discriminator,
      thread: 1,
      records: [
        message(103, 'network', 'sent', 'commit', 1),
        ...tensor('received', arrived - 2, arrived - 1),
        message(arrived, 'network', 'sent', 'fakes', 2, { generator: 1 }),
        message(167, 'network', 'taken', 'judgement', 2, { generator: 1 }),
        ...tensor('sent', 167.2, 168),
        message(169, 'network', 'taken', 'vote', 2),
        message(203, 'network', 'sent', 'commit', 2),
      ],
    },
    {
      pid: generator,
      thread: 0,
      records: [
        message(2, 'compute', 'taken', 'assign', 0, { role: 'generator-1' }),
        phase(95, 'between-steps'),
        message(96, 'compute', 'sent', 'vote', 1),
        message(105, 'compute', 'taken', 'commit', 1),
        phase(106, 'forward'),
        call(107, 1, 'upload', 'upload', [[4, 25]], 400),
        call(108, fakesSent - 112, 'op', 'Tanh', [[4, 2]]),
        message(fakesSent, 'compute', 'sent', 'fakes', 2),
        phase(fakesSent, 'wait-gradients'),
        message(172, 'compute', 'taken', 'judgement', 2),
        phase(173, 'backward'),
        call(174, 10, 'op', 'TanhGrad', [[4, 2], [4, 2]]), // prettier-ignore
        phase(190, 'between-steps'),
        message(191, 'compute', 'sent', 'vote', 2),
        message(206, 'compute', 'taken', 'commit', 2),
        phase(207, 'forward'),
      ],
    },
    {
      pid: generator,
      thread: 1,
      records: [
        message(104, 'network', 'sent', 'commit', 1),
        message(fakesSent + 1, 'network', 'taken', 'fakes', 2),
        ...tensor('sent', fakesSent + 1.5, fakesSent + 3.5),
        ...tensor('received', 170, 170.5),
        message(171, 'network', 'sent', 'judgement', 2),
        message(192, 'network', 'taken', 'vote', 2),
        message(205, 'network', 'sent', 'commit', 2),
      ],
    },
  ];
}

function word(at: number, name: 'vote-received' | 'commit-sent', step: number, role?: string): ProfileRecord {
  return { at, what: 'word', word: name, epoch: 1, step, ...(role === undefined ? {} : { role }) };
}

function phase(at: number, name: string, delay?: number): ProfileRecord {
  return { at, what: 'phase', phase: name, ...(delay === undefined ? {} : { delay }) };
}

function call(
  at: number,
  milliseconds: number,
  kind: EngineCall['kind'],
  name: string,
  shapes: number[][],
  bytes = 0,
): ProfileRecord {
  return { at, what: 'call', milliseconds, kind, name, shapes, bytes };
}

function message(
  at: number,
  thread: MessageEdge['thread'],
  edge: MessageEdge['edge'],
  kind: string,
  step: number,
  more: { generator?: number; role?: string; delay?: number } = {},
): ProfileRecord {
  return { at, what: 'message', thread, edge, kind, epoch: 1, step, ...more };
}

function tensor(direction: TensorEdge['direction'], first: number, last: number): ProfileRecord[] {
  const edge = { what: 'tensor', direction, generator: 1, epoch: 1, step: 2 } as const;
  return [
    { at: first, edge: 'first', ...edge },
    { at: last, edge: 'last', ...edge },
  ];
}
