// Original file: proto/training.proto


export interface StateSaved {
  'sha256'?: (string);
}

export interface StateSaved__Output {
  'sha256': (string);
}
