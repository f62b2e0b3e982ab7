// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface TensorHeader {
  'epoch'?: (number);
  'step'?: (number | string | Long);
  'shape'?: (number)[];
  'dtype'?: (string);
  'loss'?: (number | string);
  'plainLoss'?: (number | string);
}

export interface TensorHeader__Output {
  'epoch': (number);
  'step': (number);
  'shape': (number)[];
  'dtype': (string);
  'loss': (number);
  'plainLoss': (number);
}
