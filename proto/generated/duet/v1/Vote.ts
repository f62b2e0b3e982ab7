// Original file: proto/training.proto

import type { Phase as _duet_v1_Phase, Phase__Output as _duet_v1_Phase__Output } from '../../duet/v1/Phase.js';
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
}
