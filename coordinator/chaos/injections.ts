/** The coordinator's part in faults made on purpose: who may ask, when each is made, and the record of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '../../common/errors.js';
import { type FaultKind, whyUnkillable, whyUnstoppable } from '../../common/faults.js';
import { randomStream } from '../../gan/random.js';
import type { CoordinatorMessage } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import type { FaultInjected } from '../../proto/generated/duet/v1/FaultInjected.js';
import type { Run } from '../training/run.js';
import { type Order, checkFault } from './check.js';
import { corruptNewestCheckpoint } from './corrupt.js';

export interface InjectionsOptions {
  run: Pick<Run, 'directory' | 'journal' | 'training' | 'settings' | 'step'>;
  /** Of the run, discriminator first. */
  roles: readonly string[];
  /** host/pid of the worker that has the role now. */
  workerOf(role: string): string | undefined;
  /** On the worker's control stream, before whatever is sent after it. */
  send(role: string, message: CoordinatorMessage): void;
  /** Ends the coordinator's own process; SIGKILL, unless a test says otherwise. */
  kill?: () => void;
  /** Of this process. */
  platform?: string;
}

interface Held {
  order: Order;
  made(injected: FaultInjected): void;
  refused(error: unknown): void;
}

/** How long the reply to a coordinator-kill has to leave the process. */
const LAST_WORD_MS = 100;

export class Injections implements Disposable {
  readonly #options: InjectionsOptions;
  readonly #held = new Set<Held>();
  /** The step that began last. */
  #step: number;
  #made = 0;
  #dying: Promise<void> | undefined;

  constructor(options: InjectionsOptions) {
    this.#options = options;
    this.#step = options.run.step;
  }

  /**
   * Makes a fault, or holds it until its step begins.
   *
   * @param withdrawn aborted when nobody waits for it any more; what is still held is then dropped
   * @throws RefusedError when it is not allowed, cannot be, or comes too late; NOT_FOUND when what it is about is not there now
   */
  async request(fault: Fault__Output, withdrawn?: AbortSignal): Promise<FaultInjected> {
    const { run, roles } = this.#options;
    if (!run.settings.allowChaos) {
      throw new RefusedError(
        'FAILED_PRECONDITION',
        'this run allows no faults on purpose: start (or resume) it with --allow-chaos',
      );
    }
    const unkillable = fault.kind === 'coordinator-kill' ? whyUnkillable(process.pid) : undefined;
    if (unkillable !== undefined) throw new RefusedError('FAILED_PRECONDITION', `the coordinator: ${unkillable}`);
    // External workers may run elsewhere, and know by themselves.
    const isOfHere = fault.kind === 'stop' && run.settings.placement === 'local';
    const unstoppable = isOfHere ? whyUnstoppable(this.#options.platform) : undefined;
    if (unstoppable !== undefined) throw new RefusedError('FAILED_PRECONDITION', unstoppable);
    const order = checkFault(fault, roles, run.training.steps);
    return fault.atStep === 0 ? this.#make(order) : await this.#hold(order, withdrawn);
  }

  /**
   * To be awaited right before the Begin of a step goes out: what was held for it goes out first, before this returns its
   * promise. That stays open when the coordinator is to be killed: nothing of the step may leave it then.
   * In a replay a step begins again; what was held for it has been made by then.
   */
  async beginning(step: number): Promise<void> {
    this.#step = step;
    for (const held of this.#held) {
      if (held.order.fault.atStep !== step) continue;
      this.#held.delete(held);
      try {
        held.made(this.#make(held.order));
      } catch (error) {
        held.refused(error);
      }
    }
    await this.#dying;
  }

  /** The run is over: nothing that is held will ever be made. */
  [Symbol.dispose](): void {
    for (const held of this.#held) {
      const reason = `the run ended at step ${this.#step}, before step ${held.order.fault.atStep}`;
      held.refused(new RefusedError('FAILED_PRECONDITION', reason));
    }
    this.#held.clear();
  }

  async #hold(order: Order, withdrawn: AbortSignal | undefined): Promise<FaultInjected> {
    const { atStep } = order.fault;
    if (atStep <= this.#step) {
      throw new RefusedError(
        'FAILED_PRECONDITION',
        `step ${atStep} has begun already: the run is at step ${this.#step}`,
      );
    }
    return await new Promise((made, refused) => {
      const held: Held = { order, made, refused };
      this.#held.add(held);
      withdrawn?.addEventListener('abort', () => {
        if (this.#held.delete(held)) refused(new RefusedError('FAILED_PRECONDITION', 'it was taken back'));
      });
    });
  }

  #make({ role, fault }: Order): FaultInjected {
    const { workerOf, send } = this.#options;
    const kind = fault.kind as FaultKind;
    if (kind === 'corrupt-checkpoint') return this.#record(fault, this.#corrupt());
    if (kind === 'coordinator-kill') {
      const injected = this.#record(fault, `the coordinator, process ${process.pid}`);
      const { kill = () => process.kill(process.pid, 'SIGKILL') } = this.#options;
      this.#dying = sleep(LAST_WORD_MS).then(kill);
      return injected;
    }
    const worker = role === undefined ? undefined : workerOf(role);
    if (role === undefined || worker === undefined) {
      throw new RefusedError('NOT_FOUND', `${role ?? 'this role'} has no worker at the moment: try again`);
    }
    // First the record: a worker that is killed must not be told of before its cause.
    const injected = this.#record(fault, worker);
    send(role, { fault });
    return injected;
  }

  #corrupt(): string {
    const { directory, training } = this.#options.run;
    const file = corruptNewestCheckpoint(directory, randomStream(training.seed, 'corrupt-checkpoint', this.#made));
    if (file === undefined)
      throw new RefusedError('NOT_FOUND', 'there is no checkpoint to damage yet: try again later');
    return file;
  }

  #record({ kind, role, peer }: Fault__Output, worker: string): FaultInjected {
    this.#made += 1;
    this.#options.run.journal.event({ event: 'fault-injected', fault: kind, role, peer, step: this.#step, worker });
    return { worker, step: this.#step };
  }
}
