// Original file: proto/training.proto

import type { Long } from '@grpc/proto-loader';

export interface Assign {
  'run'?: (string);
  'epoch'?: (number);
  'role'?: (string);
  'config'?: (string);
  'engine'?: (string);
  'threads'?: (number);
  'step'?: (number | string | Long);
  'restore'?: (boolean);
  'sampleShape'?: (number)[];
  'sharesMachine'?: (boolean);
}

export interface Assign__Output {
  'run': (string);
  'epoch': (number);
  'role': (string);
  'config': (string);
  'engine': (string);
  'threads': (number);
  'step': (number);
  'restore': (boolean);
  'sampleShape': (number)[];
  'sharesMachine': (boolean);
}
