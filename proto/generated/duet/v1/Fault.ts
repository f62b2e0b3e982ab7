// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Fault {
  'kind'?: (string);
  'role'?: (string);
  'peer'?: (string);
  'atStep'?: (number | string | Long);
  'milliseconds'?: (number);
  'delayMs'?: (number);
}

export interface Fault__Output {
  'kind': (string);
  'role': (string);
  'peer': (string);
  'atStep': (number);
  'milliseconds': (number);
  'delayMs': (number);
}
