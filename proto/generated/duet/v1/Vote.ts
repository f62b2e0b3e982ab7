// Original file: proto/training.proto

import type { Phase as _duet_v1_Phase, Phase__Output as _duet_v1_Phase__Output } from '../../duet/v1/Phase.js';
import type { Signals as _duet_v1_Signals, Signals__Output as _duet_v1_Signals__Output } from '../../duet/v1/Signals.js';
import type { Long } from '@grpc/proto-loader';

export interface Vote {
  'epoch'?: (number);
  'step'?: (number | string | Long);
  'loss'?: (number | string);
  'plainLoss'?: (number | string);
  'gradientNorm'?: (number | string);
  'fault'?: (string);
  'verdicts'?: (number)[];
  'tensors'?: (number);
  'phases'?: (_duet_v1_Phase)[];
  'scores'?: (number | string)[];
  'signals'?: (_duet_v1_Signals | null);
}

export interface Vote__Output {
  'epoch': (number);
  'step': (number);
  'loss': (number);
  'plainLoss': (number);
  'gradientNorm': (number);
  'fault': (string);
  'verdicts': (number)[];
  'tensors': (number);
  'phases': (_duet_v1_Phase__Output)[];
  'scores': (number)[];
  'signals': (_duet_v1_Signals__Output | null);
}
