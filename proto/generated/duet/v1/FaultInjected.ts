// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface FaultInjected {
  'worker'?: (string);
  'step'?: (number | string | Long);
}

export interface FaultInjected__Output {
  'worker': (string);
  'step': (number);
}
