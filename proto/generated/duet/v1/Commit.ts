// Original file: proto/training.proto

import type { Begin as _duet_v1_Begin, Begin__Output as _duet_v1_Begin__Output } from '../../duet/v1/Begin.js';
import type { Long } from '@grpc/proto-loader';

export interface Commit {
  'epoch'?: (number);
  'step'?: (number | string | Long);
  'averageGeneratorLoss'?: (number | string);
  'checkpoint'?: (boolean);
  'sample'?: (boolean);
  'next'?: (_duet_v1_Begin | null);
}

export interface Commit__Output {
  'epoch': (number);
  'step': (number);
  'averageGeneratorLoss': (number);
  'checkpoint': (boolean);
  'sample': (boolean);
  'next': (_duet_v1_Begin__Output | null);
}
