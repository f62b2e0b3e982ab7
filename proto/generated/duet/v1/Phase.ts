// Original file: proto/training.proto


export interface Phase {
  'name'?: (string);
  'milliseconds'?: (number | string);
}

export interface Phase__Output {
  'name': (string);
  'milliseconds': (number);
}
