/** What goes from one process to another, put together from what both ends have written down. */
import type { MessageEdge, TensorEdge } from '../../common/observation.js';
import type { ProfileRecord } from './records.js';
import type { Span, WorkerRecords } from './profiled-run.js';

export interface Crossing {
  kind: 'fakes' | 'judgement' | 'vote' | 'commit';
  /** Roles, or coordinator. */
  from: string;
  to: string;
  step: number;
  /** The sender's compute thread, or the coordinator, lets it go. */
  sent: number;
  /** The sender's network thread takes it. */
  left: number;
  /** The receiver's network thread, or the coordinator, has all of it. */
  arrived: number;
  /** The receiver's compute thread, or the coordinator, takes it. */
  taken: number;
  /** Of a tensor: first message to last, at either end. */
  wire?: { sent: Span; received: Span };
}

export const COORDINATOR = 'coordinator';
const DISCRIMINATOR = 'discriminator';

/** Those that were written down whole. */
export function crossingsOf(words: readonly ProfileRecord[], workers: readonly WorkerRecords[]): Crossing[] {
  const coordinator = indexed(words);
  const ends = new Map(workers.map((worker) => [worker.role, indexed([...worker.compute, ...worker.network])]));
  const discriminator = ends.get(DISCRIMINATOR) ?? new Map<string, number>();
  return workers.flatMap(({ role }) => {
    const worker = ends.get(role) as Index;
    const control = stepsIn(coordinator).flatMap((step) => [
      between({
        kind: 'vote',
        from: role,
        to: COORDINATOR,
        step,
        sent: worker.get(`compute sent vote ${step}`),
        left: worker.get(`network taken vote ${step}`),
        arrived: coordinator.get(`vote-received ${role} ${step}`),
        taken: coordinator.get(`vote-received ${role} ${step}`),
      }),
      between({
        kind: 'commit',
        from: COORDINATOR,
        to: role,
        step,
        sent: coordinator.get(`commit-sent ${step}`),
        left: coordinator.get(`commit-sent ${step}`),
        arrived: worker.get(`network sent commit ${step}`),
        taken: worker.get(`compute taken commit ${step}`),
      }),
    ]);
    const generator = /^generator-(\d+)$/.exec(role)?.[1];
    if (generator === undefined) return control.flat();
    const tensors = stepsIn(coordinator).flatMap((step) => [
      tensor('fakes', [role, worker], [DISCRIMINATOR, discriminator], generator, step),
      tensor('judgement', [DISCRIMINATOR, discriminator], [role, worker], generator, step),
    ]);
    return [...control, ...tensors].flat();
  });
}

/** When what happened, by what it was. */
type Index = Map<string, number>;
type End = readonly [role: string, Index];

function indexed(records: readonly ProfileRecord[]): Index {
  return new Map(
    records.flatMap((record): [string, number][] => {
      switch (record.what) {
        case 'message':
          return [[messageKey(record), record.at]];
        case 'tensor':
          return [[tensorKey(record), record.at]];
        case 'word':
          return [
            [[record.word, ...(record.role === undefined ? [] : [record.role]), record.step].join(' '), record.at],
          ];
        default:
          return [];
      }
    }),
  );
}

/** Of a tensor with the generator it is of, as the discriminator names it. */
function messageKey({ thread, edge, kind, generator, step }: MessageEdge): string {
  return [thread, edge, kind, ...(generator === undefined ? [] : [generator]), step].join(' ');
}

function tensorKey({ direction, edge, generator, step }: TensorEdge): string {
  return ['tensor', direction, edge, generator, step].join(' ');
}

function stepsIn(coordinator: Index): number[] {
  return [...coordinator.keys()].flatMap((key) => /^commit-sent (\d+)$/.exec(key)?.[1] ?? []).map(Number);
}

function tensor(
  kind: 'fakes' | 'judgement',
  [from, sender]: End,
  [to, receiver]: End,
  generator: string,
  step: number,
): Crossing[] {
  // The discriminator's messages name the generator; a generator's own need not.
  const name = (role: string) => (role === DISCRIMINATOR ? `${kind} ${generator} ${step}` : `${kind} ${step}`);
  const wire = (index: Index, direction: TensorEdge['direction']): Span => ({
    from: index.get(`tensor ${direction} first ${generator} ${step}`) ?? Number.NaN,
    to: index.get(`tensor ${direction} last ${generator} ${step}`) ?? Number.NaN,
  });
  return between({
    kind,
    from,
    to,
    step,
    sent: sender.get(`compute sent ${name(from)}`),
    left: sender.get(`network taken ${name(from)}`),
    arrived: receiver.get(`network sent ${name(to)}`),
    taken: receiver.get(`compute taken ${name(to)}`),
    wire: { sent: wire(sender, 'sent'), received: wire(receiver, 'received') },
  });
}

type Moments = 'sent' | 'left' | 'arrived' | 'taken';

/** Nothing when a moment of it was not written down. */
function between(crossing: Omit<Crossing, Moments> & Record<Moments, number | undefined>): Crossing[] {
  const { sent, left, arrived, taken, wire } = crossing;
  const moments = [
    sent,
    left,
    arrived,
    taken,
    ...(wire ? [wire.sent, wire.received].flatMap(({ from, to }) => [from, to]) : []),
  ];
  return moments.every((moment) => moment !== undefined && !Number.isNaN(moment)) ? [crossing as Crossing] : [];
}
