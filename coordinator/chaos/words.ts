/** A fault in words. */
import { LASTING_FAULTS, SLOWING_FAULTS } from '../../common/faults.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';

/** E.g. "partition of generator-1 and discriminator for 10 s". */
export function describeFault({ kind, role, peer, milliseconds, delayMs }: Fault__Output): string {
  const whose = role === '' ? '' : ` of ${role}${peer === '' ? '' : ` and ${peer}`}`;
  const by = SLOWING_FAULTS.includes(kind) ? ` by ${delayMs} ms` : '';
  const time = milliseconds === 0 ? ' for ever' : ` for ${milliseconds / 1000} s`;
  return `${kind}${whose}${by}${LASTING_FAULTS.includes(kind) ? time : ''}`;
}
