// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  'epoch'?: (number);
  'phase'?: (string);
  'residentBytes'?: (number | string | Long);
}

export interface Heartbeat__Output {
  'epoch': (number);
  'phase': (string);
  'residentBytes': (number);
}
