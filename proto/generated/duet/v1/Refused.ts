// Original file: proto/training.proto


export interface Refused {
  'status'?: (string);
  'reason'?: (string);
}

export interface Refused__Output {
  'status': (string);
  'reason': (string);
}
