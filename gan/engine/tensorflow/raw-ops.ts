/** TensorFlow's own ops by name, with their attributes, below tfjs. All are of type float unless they say otherwise. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Native, OpAttribute } from './native.js';

export interface RawOps {
  /** Runs an op that has one output. */
  one(op: string, inputs: readonly Tensor[], ...attributes: OpAttribute[]): Tensor;
  /** Runs an op that has this many outputs. */
  many(op: string, inputs: readonly Tensor[], outputs: number, ...attributes: OpAttribute[]): Tensor[];
  type(name: string): OpAttribute;
  float(name: string, value: number): OpAttribute;
  flag(name: string, value: boolean): OpAttribute;
  text(name: string, value: string): OpAttribute;
  /** A list, or one number. */
  ints(name: string, value: number[] | number): OpAttribute;
  shape(name: string, value: number[]): OpAttribute;
}

export function rawOps({ backend }: Native): RawOps {
  const { binding } = backend;
  return {
    one: (op, inputs, ...attributes) => backend.executeSingleOutput(op, attributes, [...inputs]),
    many: (op, inputs, outputs, ...attributes) => backend.executeMultipleOutputs(op, attributes, [...inputs], outputs),
    type: (name) => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }),
    float: (name, value) => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    flag: (name, value) => ({ name, type: binding.TF_ATTR_BOOL, value }),
    text: (name, value) => ({ name, type: binding.TF_ATTR_STRING, value }),
    ints: (name, value) => ({ name, type: binding.TF_ATTR_INT, value }),
    shape: (name, value) => ({ name, type: binding.TF_ATTR_SHAPE, value }),
  };
}
