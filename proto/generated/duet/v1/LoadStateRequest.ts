// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface LoadStateRequest {
  'role'?: (string);
  'step'?: (number | string | Long);
  'epoch'?: (number);
}

export interface LoadStateRequest__Output {
  'role': (string);
  'step': (number);
  'epoch': (number);
}
