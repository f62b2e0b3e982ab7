/**
 * manifest.json of a checkpoint: its step, and of every role the file, its bytes and their sha256. It ends with a sha256 of its
 * own content and has one spelling only, so that no byte of it can change unseen.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DuetError, messageOf } from '../../../common/errors.js';

const contentSchema = z.strictObject({
  step: z.int().min(0),
  roles: z.record(z.string(), z.strictObject({ file: z.string(), bytes: z.int().min(0), sha256: z.string() })),
});
const manifestSchema = z.strictObject({ ...contentSchema.shape, sha256: z.string() });
export type Manifest = Readonly<z.output<typeof contentSchema>>;

export const MANIFEST = 'manifest.json';

/** 128 roles take 20 KB. */
const MOST_BYTES = 1 << 20;

export function encodeManifest({ step, roles }: Manifest): string {
  const content = { step, roles };
  const sha256 = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return `${JSON.stringify({ ...content, sha256 }, null, 2)}\n`;
}

/** @param step that the folder's name gives @throws DuetError when a byte of it is not as it was written */
export function readManifest(folder: string, step: number): Manifest {
  const damaged = (why: string, cause?: unknown) =>
    new DuetError(`the checkpoint ${folder} is damaged: ${MANIFEST} ${why}`, { cause });
  let bytes: Buffer;
  let value: unknown;
  try {
    const { size } = statSync(join(folder, MANIFEST));
    if (size > MOST_BYTES) throw damaged(`has ${size} bytes`);
    bytes = readFileSync(join(folder, MANIFEST));
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof DuetError) throw error;
    throw damaged(`cannot be read (${messageOf(error)})`, error);
  }
  const result = manifestSchema.safeParse(value);
  if (!result.success) {
    // Before manifests had one, they were like this in all else.
    if (contentSchema.safeParse(value).success) throw damaged('has no sha256 of its own: an earlier version wrote it');
    throw damaged('is not one', result.error);
  }
  if (!Buffer.from(encodeManifest(result.data)).equals(bytes)) throw damaged('is not what its sha256 says');
  if (result.data.step !== step) throw damaged(`is that of step ${result.data.step}`);
  return result.data;
}
