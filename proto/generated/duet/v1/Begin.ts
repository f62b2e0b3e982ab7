// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Begin {
  'epoch'?: (number);
  'step'?: (number | string | Long);
  'exchange'?: (string);
  'sampleShape'?: (number)[];
  'branch'?: (number);
  'signals'?: (boolean);
  'restorable'?: (number | string | Long);
}

export interface Begin__Output {
  'epoch': (number);
  'step': (number);
  'exchange': (string);
  'sampleShape': (number)[];
  'branch': (number);
  'signals': (boolean);
  'restorable': (number);
}
