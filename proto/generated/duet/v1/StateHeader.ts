// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface StateHeader {
  'role'?: (string);
  'step'?: (number | string | Long);
  'epoch'?: (number);
  'bytes'?: (number | string | Long);
}

export interface StateHeader__Output {
  'role': (string);
  'step': (number);
  'epoch': (number);
  'bytes': (number);
}
