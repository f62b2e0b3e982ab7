/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header, then the arrays' bytes.
 * Specification: the safetensors project's README. Only float32 arrays are written or read.
 */
import { RefusedError } from '../errors.js';

export interface SafeArray {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

export interface SafeTensors {
  arrays: SafeArray[];
  metadata: Record<string, string>;
}

const LENGTH_BYTES = 8;
/** The format's own bound on its header. */
const LONGEST_HEADER = 100_000_000;
const ALIGNMENT = 8;

export function encodeSafetensors({ arrays, metadata }: SafeTensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, data } of arrays) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = JSON.stringify(header);
  const encoded = Buffer.from(text + ' '.repeat((ALIGNMENT - (Buffer.byteLength(text) % ALIGNMENT)) % ALIGNMENT));
  const file = new Uint8Array(LENGTH_BYTES + encoded.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, LENGTH_BYTES);
  let position = LENGTH_BYTES + encoded.length;
  for (const { data } of arrays) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/** @throws RefusedError DATA_LOSS for anything that is not a whole, consistent file; memory is only taken for what is there */
export function decodeSafetensors(file: Uint8Array): SafeTensors {
  const { header, start } = readHeader(file);
  const metadata: Record<string, string> = {};
  const arrays: SafeArray[] = [];
  let end = 0;
  let taken = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(asObject(entry, name))) {
        if (typeof value !== 'string') throw damaged(`its metadata '${key}' is not text`);
        metadata[key] = value;
      }
      continue;
    }
    const array = readArray(name, asObject(entry, name), file, start);
    end = Math.max(end, array.end);
    taken += array.data.byteLength;
    // Arrays that overlap could make a small file fill the memory.
    if (taken > file.length - start) throw damaged('its arrays overlap');
    arrays.push(array);
  }
  if (start + end !== file.length) throw damaged(`it has ${file.length} bytes, its header describes ${start + end}`);
  return { arrays: arrays.map(({ name, shape, data }) => ({ name, shape, data })), metadata };
}

function readHeader(file: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (file.length < LENGTH_BYTES) throw damaged(`it has only ${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > LONGEST_HEADER || length > file.length - LENGTH_BYTES)
    throw damaged(`its header claims ${length} bytes`);
  const start = LENGTH_BYTES + Number(length);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(LENGTH_BYTES, start));
    return { header: asObject(JSON.parse(text), 'header'), start };
  } catch (error) {
    throw damaged('its header is not JSON', error);
  }
}

function readArray(name: string, entry: Record<string, unknown>, file: Uint8Array, start: number) {
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32') throw damaged(`'${name}' has the type ${JSON.stringify(dtype)}, not F32`);
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2)
    throw damaged(`'${name}' has no shape or offsets`);
  const [from = 0, to = 0] = offsets;
  const bytes = shape.reduce((a, b) => a * b, 4);
  if (to - from !== bytes || start + to > file.length) throw damaged(`'${name}' does not lie within the file`);
  // Copied (Buffer's own slice would not): the data may start at any byte, a Float32Array only at a multiple of four.
  return {
    name,
    shape,
    data: new Float32Array(new Uint8Array(file.subarray(start + from, start + to)).buffer),
    end: to,
  };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function asObject(value: unknown, of: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(`'${of}' is not an object`);
  return value as Record<string, unknown>;
}

function damaged(why: string, cause?: unknown): RefusedError {
  return new RefusedError('DATA_LOSS', `not a safetensors file of a role's state: ${why}`, { cause });
}
