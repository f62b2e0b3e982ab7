// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Restore {
  'epoch'?: (number);
  'step'?: (number | string | Long);
}

export interface Restore__Output {
  'epoch': (number);
  'step': (number);
}
