/**
 * The compute thread's view of the network thread: send without waiting, wait for what is needed next.
 *
 * The compute thread's ops block it anyway, so it may as well wait blocked: a counter in shared memory is raised with
 * every message, `Atomics.wait` sleeps until it moves, and the message is then taken from the port synchronously.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { StepAbortedError } from '../common/errors.js';
import { type Ending, type ToCompute, type ToNetwork, transferables } from './messages.js';
import { observeMessage } from './observed-message.js';

type Kind = ToCompute['kind'];
type Of<K extends Kind> = Extract<ToCompute, { kind: K }>;

/** While idle, the event loop turns this often, so that signals are heard. */
const IDLE_TURN_MS = 200;

/** Called by the network thread after each message that it posts. */
export function raise(counter: Int32Array<SharedArrayBuffer>): void {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
}

export class Inbox {
  readonly #port: MessagePort;
  readonly #counter: Int32Array<SharedArrayBuffer>;
  #waiting: ToCompute[] = [];
  /** The work in progress is to be dropped: why. Until the next word on what to do. */
  #calledOff: string | undefined;
  /** The last one that was begun. */
  #epoch = 0;
  #ending: Ending | undefined;
  #isNetworkOver = false;

  constructor(port: MessagePort, counter: Int32Array<SharedArrayBuffer>) {
    this.#port = port;
    this.#counter = counter;
  }

  send(message: ToNetwork): void {
    observeMessage('compute', 'sent', message);
    this.#port.postMessage(message, transferables(message));
  }

  /** Why the work is over, once it is. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Ends the work from this side. The first reason stands: what follows an ending is its consequence. */
  end(ending: Ending): void {
    this.#ending ??= ending;
  }

  /**
   * Blocks the thread until a message of this kind that `fits` is there; others wait for their turn.
   *
   * @throws StepAbortedError when the work is over, or the step is called off
   */
  take<K extends Kind>(kind: K, fits: (message: Of<K>) => boolean = () => true): Of<K> {
    for (;;) {
      const seen = Atomics.load(this.#counter, 0);
      const found = this.#find(kind, fits);
      if (this.#ending !== undefined) throw new StepAbortedError(this.#ending.reason);
      if (this.#calledOff !== undefined) throw new StepAbortedError(this.#calledOff);
      if (found !== undefined) {
        observeMessage('compute', 'taken', found);
        return found;
      }
      Atomics.wait(this.#counter, 0, seen);
    }
  }

  /** The next message of one of these kinds; `undefined` when the work is over. Lets the event loop turn. */
  async next<K extends Kind>(...kinds: K[]): Promise<Of<K> | undefined> {
    for (;;) {
      await nextTurn();
      const seen = Atomics.load(this.#counter, 0);
      this.#drain();
      const index = this.#waiting.findIndex((message) => kinds.some((kind) => kind === message.kind));
      if (index >= 0) {
        const found = this.#waiting.splice(index, 1)[0] as Of<K>;
        if (beginsEpoch(found) && !this.#waiting.some(beginsEpoch)) this.#calledOff = undefined;
        observeMessage('compute', 'taken', found);
        return found;
      }
      if (this.#ending !== undefined) return undefined;
      Atomics.wait(this.#counter, 0, seen, IDLE_TURN_MS);
    }
  }

  /** Until the network thread has no more to do: the coordinator has answered the last words, or does not. */
  async networkOver(): Promise<void> {
    for (;;) {
      await nextTurn();
      const seen = Atomics.load(this.#counter, 0);
      this.#drain();
      if (this.#isNetworkOver) return;
      Atomics.wait(this.#counter, 0, seen, IDLE_TURN_MS);
    }
  }

  #find<K extends Kind>(kind: K, fits: (message: Of<K>) => boolean): Of<K> | undefined {
    this.#drain();
    const matches = (message: ToCompute): message is Of<K> => message.kind === kind && fits(message as Of<K>);
    const index = this.#waiting.findIndex(matches);
    return index < 0 ? undefined : (this.#waiting.splice(index, 1)[0] as Of<K>);
  }

  #drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      const message = next.message as ToCompute;
      if (message.kind === 'ending') {
        this.#isNetworkOver = true;
        this.end(message.ending);
      } else if (message.kind === 'called-off') this.#callOff(message.epoch, message.reason);
      else {
        if (beginsEpoch(message)) {
          this.#callOff(message.epoch - 1, `the run is in epoch ${message.epoch} now`);
          this.#epoch = message.epoch;
        }
        this.#waiting.push(message);
      }
    }
  }

  /** What was said up to this epoch no longer counts. */
  #callOff(epoch: number, reason: string): void {
    if (epoch + 1 < this.#epoch) return;
    this.#calledOff = reason;
    this.#waiting = this.#waiting.filter((message) => !('epoch' in message) || message.epoch > epoch);
  }
}

/** A word that begins an epoch: whatever was being done is no longer wanted. */
function beginsEpoch(message: ToCompute): message is Of<'assign' | 'restore'> {
  return message.kind === 'assign' || message.kind === 'restore';
}
