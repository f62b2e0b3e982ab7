import type { Discriminator } from '../../gan/discriminator.js';
import { relativeDiversity, updateShares } from '../../gan/signals.js';
import type { Verdict } from '../../gan/verdict.js';
import type { Signals } from '../../proto/generated/duet/v1/Signals.js';

/**
 * @param x [batch, ...sample]
 * @param fakes [generators * batch, ...sample], in the generators' order
 */
export function signalsOf(
  discriminator: Discriminator,
  x: Float32Array,
  fakes: Float32Array,
  verdict: Verdict,
  batch: number,
): Signals {
  return {
    sigma: discriminator.sigmas(),
    diversity: relativeDiversity(x, fakes, batch),
    updateShare: updateShares(verdict),
  };
}
