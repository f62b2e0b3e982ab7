/**
 * What the parts of Duet tell of themselves while they work, on Node's diagnostics channels. Where nobody listens,
 * nothing is made and nothing is told. There is no clock here: whoever listens takes the time (bench/profile/recorder.ts).
 */
import { type Channel, channel, subscribe } from 'node:diagnostics_channel';

export class Topic<T extends object> {
  readonly #channel: Channel;

  constructor(name: string) {
    this.#channel = channel(name);
  }

  /** True when somebody listens in this thread. */
  get heard(): boolean {
    return this.#channel.hasSubscribers;
  }

  tell(message: T): void {
    this.#channel.publish(message);
  }

  listen(listener: (message: T) => void): void {
    subscribe(this.#channel.name, (message) => listener(message as T));
  }
}

/** A call of the native engine. */
export interface EngineCall {
  /** upload: host to device, when a tensor is made. read: device to host. */
  kind: 'op' | 'upload' | 'read';
  /** Of the op; the kind again for the others. */
  name: string;
  /** Of the inputs, or of what is moved. */
  shapes: readonly (readonly number[])[];
  /** Moved between host and device; 0 for an op. */
  bytes: number;
}

/** What a message between the two threads of a worker is about. */
export interface MessageSubject {
  kind: string;
  epoch?: number;
  step?: number;
  /** The role that an assignment gives. */
  role?: string;
}

/** A message between the two threads of a worker, at one of its ends. */
export interface MessageEdge extends MessageSubject {
  /** Which thread sees it. */
  thread: 'compute' | 'network';
  /** sent: it leaves this thread. taken: this thread begins to act on it. */
  edge: 'sent' | 'taken';
  /** Of a tensor that comes from, or goes to, a generator. */
  generator?: number;
}

/** A tensor on an exchange, at one of its ends. */
export interface TensorEdge {
  direction: 'sent' | 'received';
  /** The first message of the tensor, its header, or the last. */
  edge: 'first' | 'last';
  /** 1 to N: whose exchange. */
  generator: number;
  epoch: number;
  step: number;
}

export interface CoordinatorWord {
  word: 'vote-received' | 'commit-sent';
  epoch: number;
  step: number;
  /** Who voted. */
  role?: string;
}

/** The two ends of a call, one after the other: calls are not nested. */
export const engineCallBegins = new Topic<EngineCall>('duet:engine-call-begins');
export const engineCallEnds = new Topic<EngineCall>('duet:engine-call-ends');
/** A worker's compute thread has entered a phase, and left the one before. */
export const phaseEntered = new Topic<{ phase: string }>('duet:phase');
export const messageCrosses = new Topic<MessageEdge>('duet:message');
export const tensorCrosses = new Topic<TensorEdge>('duet:tensor');
export const coordinatorSays = new Topic<CoordinatorWord>('duet:coordinator');
