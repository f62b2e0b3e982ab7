// Original file: proto/training.proto


export interface Failure {
  'reason'?: (string);
  'usage'?: (boolean);
  'leaving'?: (boolean);
}

export interface Failure__Output {
  'reason': (string);
  'usage': (boolean);
  'leaving': (boolean);
}
