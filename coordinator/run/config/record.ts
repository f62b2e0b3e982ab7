/** config.json: all that a run was asked, resolved, with the versions that computed it. */
import { z } from 'zod';
import { engineChoiceSchema } from '../../../common/engine-choice.js';
import { UsageError } from '../../../common/errors.js';
import { firstIssue } from '../../../common/first-issue.js';
import { VERSION } from '../../../common/version.js';
import { trainingConfigSchema } from '../../../gan/config.js';
import type { RunDirectory } from '../directory.js';
import { rollbackSchema } from '../journal/rollbacks.js';
import type { RunSettings } from './options.js';

const recordSchema = z.object({
  id: z.string(),
  created: z.string(),
  versions: z.record(z.string(), z.string()),
  training: trainingConfigSchema,
  settings: z.record(z.string(), z.unknown()),
  engine: engineChoiceSchema,
  threads: z.record(z.string(), z.int().min(1)),
  /** Shape of one sample, once the data is open. */
  sampleShape: z.array(z.int().min(1)),
  /** Trained numbers of the discriminator and of one generator, once the data is open. */
  parameters: z.object({ discriminator: z.int(), generator: z.int() }).exactOptional(),
  /** The newest epoch of membership. */
  epoch: z.int().min(0).default(0),
  /** In the order in which they happened. */
  rollbacks: z.array(rollbackSchema).default([]),
  identity: z.object({
    engine: z.string().exactOptional(),
    device: z.string().exactOptional(),
    data: z.string().exactOptional(),
  }),
});
export type RunRecord = z.output<typeof recordSchema>;

const FILE = 'config.json';

export function newRecord(
  directory: RunDirectory,
  parts: Pick<RunRecord, 'training' | 'engine' | 'threads'> & { settings: RunSettings },
): RunRecord {
  return {
    id: directory.id,
    created: new Date().toISOString(),
    versions: { duet: VERSION, node: process.versions.node },
    ...parts,
    settings: { ...parts.settings },
    sampleShape: [],
    epoch: 0,
    rollbacks: [],
    identity: {},
  };
}

export function writeRecord(directory: RunDirectory, record: RunRecord): void {
  directory.writeJson(FILE, record);
}

/** @throws UsageError when the file is not a run's config */
export function readRecord(directory: RunDirectory): RunRecord {
  const result = recordSchema.safeParse(directory.readJson(FILE));
  if (result.success) return result.data;
  throw new UsageError(
    `${directory.file(FILE)} is not a config that this version of Duet wrote (${firstIssue(result.error)}): start another run`,
  );
}
