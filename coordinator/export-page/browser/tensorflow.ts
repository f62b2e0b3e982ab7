/** The page's only door to tfjs: tf.min.js lies beside the page and leaves one global name. Types alone are imported. */
import type * as TensorFlow from '@tensorflow/tfjs';

export type { LayersModel, Tensor } from '@tensorflow/tfjs';

declare global {
  var tf: typeof TensorFlow | undefined;
}

/** @throws Error when its script did not come */
export function tensorflow(): typeof TensorFlow {
  if (globalThis.tf !== undefined) return globalThis.tf;
  throw new Error('tf.min.js did not load: it belongs beside index.html, in the same folder');
}
