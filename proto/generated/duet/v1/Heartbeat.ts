// Original file: proto/training.proto

import type { Peer as _duet_v1_Peer, Peer__Output as _duet_v1_Peer__Output } from '../../duet/v1/Peer.js';
import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  'epoch'?: (number);
  'phase'?: (string);
  'residentBytes'?: (number | string | Long);
  'phaseMs'?: (number);
  'peers'?: (_duet_v1_Peer)[];
  'stale'?: (number | string | Long);
}

export interface Heartbeat__Output {
  'epoch': (number);
  'phase': (string);
  'residentBytes': (number);
  'phaseMs': (number);
  'peers': (_duet_v1_Peer__Output)[];
  'stale': (number);
}
