/**
 * Tells every call of the native addon to whoever listens. All that tfjs does passes here: ops, tensors made of host memory,
 * tensors read back. The addon is wrapped only when somebody listens as it is loaded, so that a run that nobody profiles
 * calls the addon itself.
 */
import { type EngineCall, engineCallBegins, engineCallEnds } from '../../../common/observation.js';

type Shape = readonly number[];
type Values = ArrayBufferView | readonly ArrayBufferView[];

/** The addon's functions that compute or move something, as tfjs-node's backend calls them. */
export interface AddonCalls {
  createTensor(shape: Shape, type: number, values: Values): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Values;
  executeOp(
    op: string,
    attributes: unknown,
    inputs: readonly number[],
    outputs: number,
  ): { id: number; shape: Shape }[];
}

/** @returns the addon itself when nobody listens */
export function observed<A extends AddonCalls>(addon: A): A {
  if (!engineCallBegins.heard) return addon;
  /** Of the tensors that live, by the addon's number. */
  const shapes = new Map<number, Shape>();
  const shapeOf = (id: number): Shape => shapes.get(id) ?? [];
  const calls: AddonCalls = {
    createTensor: (shape, type, values) => {
      const call = { kind: 'upload', name: 'upload', shapes: [shape], bytes: bytesOf(values) } as const;
      const id = told(call, () => addon.createTensor(shape, type, values));
      shapes.set(id, shape);
      return id;
    },
    deleteTensor: (id) => {
      shapes.delete(id);
      addon.deleteTensor(id);
    },
    tensorDataSync: (id) => {
      // How much comes back is known once it is there.
      const call: EngineCall = { kind: 'read', name: 'read', shapes: [shapeOf(id)], bytes: 0 };
      return told(call, () => {
        const values = addon.tensorDataSync(id);
        call.bytes = bytesOf(values);
        return values;
      });
    },
    executeOp: (name, attributes, inputs, outputs) => {
      const call = { kind: 'op', name, shapes: inputs.map(shapeOf), bytes: 0 } as const;
      const made = told(call, () => addon.executeOp(name, attributes, inputs, outputs));
      for (const { id, shape } of made) shapes.set(id, shape);
      return made;
    },
  };
  // Not assigned: the addon's own are read-only, and so would be what inherits them.
  return Object.create(addon, Object.getOwnPropertyDescriptors(calls)) as A;
}

function told<T>(call: EngineCall, run: () => T): T {
  engineCallBegins.tell(call);
  try {
    return run();
  } finally {
    engineCallEnds.tell(call);
  }
}

function bytesOf(values: Values): number {
  return ArrayBuffer.isView(values) ? values.byteLength : values.reduce((sum, each) => sum + each.byteLength, 0);
}
