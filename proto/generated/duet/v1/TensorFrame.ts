// Original file: proto/training.proto

import type { TensorHeader as _duet_v1_TensorHeader, TensorHeader__Output as _duet_v1_TensorHeader__Output } from '../../duet/v1/TensorHeader.js';
import type { Pulse as _duet_v1_Pulse, Pulse__Output as _duet_v1_Pulse__Output } from '../../duet/v1/Pulse.js';

export interface TensorFrame {
  'header'?: (_duet_v1_TensorHeader | null);
  'pulse'?: (_duet_v1_Pulse | null);
  'padding'?: (Buffer | Uint8Array | string);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "header"|"data"|"pulse";
}

export interface TensorFrame__Output {
  'header'?: (_duet_v1_TensorHeader__Output | null);
  'pulse'?: (_duet_v1_Pulse__Output | null);
  'padding': (Buffer);
  'data'?: (Buffer);
  'part'?: "header"|"data"|"pulse";
}
