// Original file: proto/training.proto

import type { StateHeader as _duet_v1_StateHeader, StateHeader__Output as _duet_v1_StateHeader__Output } from '../../duet/v1/StateHeader.js';

export interface StateChunk {
  'header'?: (_duet_v1_StateHeader | null);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "header"|"data";
}

export interface StateChunk__Output {
  'header'?: (_duet_v1_StateHeader__Output | null);
  'data'?: (Buffer);
  'part'?: "header"|"data";
}
