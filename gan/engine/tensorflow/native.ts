/** The native engine as its parts see it: tfjs, and the doors of tfjs-node's backend to raw TensorFlow ops. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs';
import type { EngineDescription, Tfjs } from '../engine.js';

/** An attribute of a TensorFlow op, as the addon takes it. */
export interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** What we use of tfjs-node's backend: its doors to raw TensorFlow ops. */
export interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_SHAPE: number;
  };
  executeSingleOutput(op: string, attributes: OpAttribute[], inputs: TensorInfo[]): Tensor;
  executeMultipleOutputs(op: string, attributes: OpAttribute[], inputs: TensorInfo[], outputs: number): Tensor[];
}

export interface Native {
  tf: Tfjs;
  backend: NativeBackend;
  description: EngineDescription;
}
