// Original file: proto/training.proto


export interface Signals {
  'sigma'?: ({[key: string]: number | string});
  'diversity'?: (number | string)[];
  'updateShare'?: (number | string)[];
}

export interface Signals__Output {
  'sigma': ({[key: string]: number});
  'diversity': (number)[];
  'updateShare': (number)[];
}
