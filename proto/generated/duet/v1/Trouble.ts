// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Trouble {
  'epoch'?: (number);
  'step'?: (number | string | Long);
  'peer'?: (string);
  'kind'?: (string);
  'reason'?: (string);
}

export interface Trouble__Output {
  'epoch': (number);
  'step': (number);
  'peer': (string);
  'kind': (string);
  'reason': (string);
}
