/** The compute thread: takes a role, then computes step after step as the coordinator commits them. */
import { StepAbortedError, UsageError, messageOf } from '../common/errors.js';
import type { Log, LogContext } from '../common/log/log.js';
import type { Begin__Output } from '../proto/generated/duet/v1/Begin.js';
import { readJob } from './assignment.js';
import { Equipment } from './equipment.js';
import type { Inbox } from './inbox.js';
import { follow } from './log-context.js';
import type { Assignment } from './messages.js';
import type { Surroundings } from './roles/role.js';
import { Seat } from './seat.js';

export interface ThreadLog {
  log: Log;
  /** Kept up to date here. */
  context: LogContext;
}

/** Runs until the work is over; `inbox.ending` then says why. @throws what made this worker unable to go on */
export async function compute(around: Surroundings, log: ThreadLog): Promise<void> {
  try {
    await work(around, log);
  } catch (error) {
    await fail(around.inbox, { reason: messageOf(error), usage: error instanceof UsageError, leaving: false });
    throw error;
  }
}

/** Tells the coordinator, and waits until it has heard. */
export async function fail(inbox: Inbox, failure: { reason: string; usage: boolean; leaving: boolean }): Promise<void> {
  inbox.send({ kind: 'failure', ...failure });
  // Its own ending, a signal, may stand already: the words must leave the process all the same.
  await inbox.networkOver();
}

async function work(around: Surroundings, { log, context }: ThreadLog): Promise<void> {
  const { inbox, board } = around;
  const equipment = new Equipment(board, log);
  let seat: Seat | undefined;
  const take = async (assignment: Assignment): Promise<Seat> => {
    const job = readJob(assignment);
    if (seat?.is(job) === true) return seat;
    seat?.[Symbol.dispose]();
    seat = undefined;
    return await Seat.take(job, assignment, equipment, around);
  };
  for (;;) {
    const message = await inbox.next('standby', 'assign', 'restore', 'begin', 'commit');
    if (message === undefined) return;
    follow(context, message);
    try {
      switch (message.kind) {
        case 'standby':
          await equipment.prepare(readJob(message.preparation));
          board.enter('standing by');
          log('info', 'worker-standing-by', `stands by, ready for a role like ${message.preparation.role}`);
          break;
        case 'assign': {
          const { epoch, step } = message.assignment;
          seat = await take(message.assignment);
          seat.goTo(epoch, step);
          inbox.send(seat.ready());
          break;
        }
        case 'restore': {
          const { epoch, step } = message.restore;
          seat?.drop();
          seat?.goTo(epoch, step);
          if (seat) inbox.send(seat.ready());
          break;
        }
        case 'begin':
          if (seat) step(inbox, seat, message.begin);
          break;
        case 'commit':
          seat?.finish(message.commit);
          if (seat && message.commit.next) step(inbox, seat, message.commit.next);
          break;
      }
    } catch (error) {
      if (!(error instanceof StepAbortedError)) throw error;
      seat?.drop();
    }
  }
}

/** Votes, and does what can be done of the next step while the others still vote. */
function step(inbox: Inbox, seat: Seat, begin: Begin__Output): void {
  inbox.send({ kind: 'vote', vote: seat.step(begin) });
  seat.ahead();
}
