/** Which of tfjs's backends draws. */
import { tensorflow } from './tensorflow.js';

/** Quick enough to follow a slider: nothing else need be tried. */
const QUICK_MS = 40;

/**
 * tfjs takes WebGL wherever there is one. A browser without a graphics card has one, too, computed by the processor, and
 * plain JavaScript is often twice as fast: where WebGL is slow, the quicker of the two is measured and taken.
 *
 * @param draw a small drawing
 */
export async function chooseBackend(draw: () => Promise<unknown>): Promise<void> {
  const tf = tensorflow();
  const found = tf.getBackend();
  if (found === 'cpu') return;
  // The first drawing compiles the shaders.
  await draw();
  const took = await timed(draw);
  if (took < QUICK_MS) return;
  await tf.setBackend('cpu');
  if ((await timed(draw)) > took) await tf.setBackend(found);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
