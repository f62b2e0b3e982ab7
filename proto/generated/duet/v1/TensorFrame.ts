// Original file: proto/training.proto

import type { TensorHeader as _duet_v1_TensorHeader, TensorHeader__Output as _duet_v1_TensorHeader__Output } from '../../duet/v1/TensorHeader.js';

export interface TensorFrame {
  'header'?: (_duet_v1_TensorHeader | null);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "header"|"data";
}

export interface TensorFrame__Output {
  'header'?: (_duet_v1_TensorHeader__Output | null);
  'data'?: (Buffer);
  'part'?: "header"|"data";
}
