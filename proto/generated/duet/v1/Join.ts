// Original file: proto/training.proto


export interface Join {
  'protocol'?: (number);
  'host'?: (string);
  'pid'?: (number);
  'duet'?: (string);
  'run'?: (string);
  'role'?: (string);
  'metrics'?: (string);
}

export interface Join__Output {
  'protocol': (number);
  'host': (string);
  'pid': (number);
  'duet': (string);
  'run': (string);
  'role': (string);
  'metrics': (string);
}
