/** Writes .npy and .npz bytes as numpy does (numpy.lib.format, version 1.0), and with the faults a test asks for. */
import { zipSync } from 'fflate';

export interface Npy {
  shape: readonly number[];
  data: Uint8Array;
  /** numpy's name of the type; '|u1' when absent. */
  descr?: string;
  fortranOrder?: boolean;
}

export function npy({ shape, data, descr = '|u1', fortranOrder = false }: Npy): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const header = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11) + '\n';
  const preamble = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255, header.length >> 8]);
  return new Uint8Array(Buffer.concat([preamble, Buffer.from(header, 'latin1'), data]));
}

/** Pixels that differ from image to image: value (index + offset) mod 256 at each place. */
export function ramp(shape: readonly number[], offset = 0): Npy {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Uint8Array.from({ length: size }, (_, i) => (i + offset) % 256) };
}

/** @param arrays name without '.npy' → array */
export function npz(arrays: Readonly<Record<string, Npy>>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npy(array)])));
}
