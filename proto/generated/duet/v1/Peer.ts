// Original file: proto/training.proto


export interface Peer {
  'role'?: (string);
  'silentMs'?: (number);
  'roundTripMs'?: (number);
}

export interface Peer__Output {
  'role': (string);
  'silentMs': (number);
  'roundTripMs': (number);
}
