// Original file: proto/training.proto


export interface Standby {
  'role'?: (string);
  'config'?: (string);
  'engine'?: (string);
  'threads'?: (number);
  'run'?: (string);
}

export interface Standby__Output {
  'role': (string);
  'config': (string);
  'engine': (string);
  'threads': (number);
  'run': (string);
}
