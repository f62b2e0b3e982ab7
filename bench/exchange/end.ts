/** What one end of a measured exchange is told, and what it reports. */

import type { WireDtype } from '../../common/tensors/wire-values.js';

/** The run stays in its first one. */
export const EPOCH = 1;

export interface End {
  role: 'discriminator' | 'generator';
  /** Where the generator connects, host:port. */
  address: string;
  /** In a tensor, each way. */
  values: number;
  dtype: WireDtype;
  /** Round trips that are measured, and those before. */
  rounds: number;
  warmUp: number;
}

/** A line of an end's stdout. */
export type Report =
  | { kind: 'listening'; address: string }
  /** Milliseconds of each round trip (by the generator), and of processor time that this process took for all of them. */
  | { kind: 'done'; times: number[]; processorMs: number };
