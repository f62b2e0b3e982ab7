/** What the compute thread and the network thread of a worker say to each other. Buffers change hands, they are not copied. */
import type { WireDtype, WireValues } from '../common/tensors/wire-values.js';
import type { Begin__Output } from '../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../proto/generated/duet/v1/Commit.js';
import type { Ready } from '../proto/generated/duet/v1/Ready.js';
import type { Restore__Output } from '../proto/generated/duet/v1/Restore.js';
import type { Vote } from '../proto/generated/duet/v1/Vote.js';

/** The coordinator's Standby, its JSON parsed. */
export interface Preparation {
  /** The run's id. */
  run: string;
  role: string;
  /** The training config, checked by the compute thread. */
  config: unknown;
  engine: unknown;
  threads: number;
}

/** The coordinator's Assign, its JSON parsed. */
export interface Assignment extends Preparation {
  epoch: number;
  step: number;
  restore: boolean;
  /** Empty: not known yet. */
  sampleShape: number[];
  /** All workers compute on one machine's processor, if they do it on a processor. */
  sharesMachine: boolean;
}

/** Why the compute thread must not go on waiting. */
export interface Ending {
  /** stop: the coordinator's word. refused: it will not have us. lost: a connection, or the network thread, is gone. signal: SIGINT or SIGTERM. */
  kind: 'stop' | 'refused' | 'lost' | 'signal';
  reason: string;
}

export type ToCompute =
  | { kind: 'standby'; preparation: Preparation }
  | { kind: 'assign'; epoch: number; assignment: Assignment }
  | { kind: 'begin'; epoch: number; begin: Begin__Output }
  | { kind: 'commit'; epoch: number; commit: Commit__Output }
  | { kind: 'restore'; epoch: number; restore: Restore__Output }
  /** The step in progress cannot be finished: an exchange broke, or the coordinator is gone. What to do instead will be said. */
  | { kind: 'called-off'; epoch: number; reason: string }
  /** A generator's fakes, for the discriminator. */
  | { kind: 'fakes'; generator: number; epoch: number; step: number; data: WireValues }
  /** The discriminator's answer, for a generator. */
  | ({ kind: 'judgement'; epoch: number; step: number } & GeneratorJudgement)
  | { kind: 'state'; epoch: number; step: number; file: Uint8Array }
  | { kind: 'ending'; ending: Ending };

export type ToNetwork =
  | { kind: 'ready'; ready: Ready; exchange?: ExchangeOffer }
  | { kind: 'vote'; vote: Vote }
  | { kind: 'samples'; step: number; shape: number[]; dtype: 'uint8' | 'float32'; data: Uint8Array }
  | { kind: 'fakes'; epoch: number; step: number; shape: number[]; data: WireValues }
  /** The discriminator's answers, generator 1's first. */
  | { kind: 'judgements'; epoch: number; step: number; judgements: GeneratorJudgement[] }
  | { kind: 'save'; step: number; epoch: number; file: Uint8Array }
  | { kind: 'load'; step: number; epoch: number }
  | { kind: 'failure'; reason: string; usage: boolean; leaving: boolean };

/** What one generator gets back. */
export interface GeneratorJudgement {
  /** Its term of L_G. */
  loss: number;
  /** mean_j l_G, unweighted. */
  plainLoss: number;
  /** [batch, ...sample] */
  gradient: WireValues;
}

/** What the discriminator's Exchange service will take. */
export interface ExchangeOffer {
  epoch: number;
  /** The first step that may come. */
  step: number;
  generators: number;
  /** What every generator sends in a step, [discriminatorSteps * batch, ...sample]. */
  shape: number[];
  /** What it gets back, [batch, ...sample]: the gradient for its last batch. */
  gradientShape: number[];
  /** Of both. */
  dtype: WireDtype;
}

/** The buffers of a message that move to the other thread with it. */
export function transferables(message: ToCompute | ToNetwork): ArrayBuffer[] {
  switch (message.kind) {
    case 'fakes':
    case 'samples':
      return [message.data.buffer as ArrayBuffer];
    case 'judgement':
      return [message.gradient.buffer as ArrayBuffer];
    case 'judgements':
      // As the engine gives them, all gradients are in one.
      return [...new Set(message.judgements.map(({ gradient }) => gradient.buffer as ArrayBuffer))];
    case 'save':
    case 'state':
      return [message.file.buffer as ArrayBuffer];
    default:
      return [];
  }
}
