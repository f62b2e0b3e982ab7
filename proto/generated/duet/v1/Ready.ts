// Original file: proto/training.proto


export interface Ready {
  'epoch'?: (number);
  'exchange'?: (string);
  'engine'?: (string);
  'device'?: (string);
  'threads'?: (number);
  'sampleShape'?: (number)[];
  'dataSha256'?: (string);
}

export interface Ready__Output {
  'epoch': (number);
  'exchange': (string);
  'engine': (string);
  'device': (string);
  'threads': (number);
  'sampleShape': (number)[];
  'dataSha256': (string);
}
