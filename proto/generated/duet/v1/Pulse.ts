// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Pulse {
  'sent'?: (number | string | Long);
}

export interface Pulse__Output {
  'sent': (number);
}
