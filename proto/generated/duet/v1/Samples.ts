// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Samples {
  'step'?: (number | string | Long);
  'shape'?: (number)[];
  'dtype'?: (string);
  'data'?: (Buffer | Uint8Array | string);
}

export interface Samples__Output {
  'step': (number);
  'shape': (number)[];
  'dtype': (string);
  'data': (Buffer);
}
