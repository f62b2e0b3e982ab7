/** What an Assign asks for, checked: the config, the engine and the role, as the compute thread uses them. */
import { z } from 'zod';
import { DuetError } from '../common/errors.js';
import { engineChoiceSchema } from '../common/engine-choice.js';
import { type TrainingConfig, trainingConfigSchema } from '../gan/config.js';
import type { Assignment } from './messages.js';

export interface Job {
  role: string;
  /** 0 for the discriminator, k for generator-k. */
  generator: number;
  epoch: number;
  /** Steps that are committed already. */
  step: number;
  restore: boolean;
  config: TrainingConfig;
  engine: z.output<typeof engineChoiceSchema>;
  threads: number;
}

/** @throws DuetError when the coordinator is of a version whose config this worker does not know */
export function readAssignment(assignment: Assignment): Job {
  const config = trainingConfigSchema.safeParse(assignment.config);
  const engine = engineChoiceSchema.safeParse(assignment.engine);
  if (!config.success || !engine.success) {
    const reason = z.prettifyError((config.error ?? engine.error) as z.ZodError);
    throw new DuetError(`the coordinator's config is not one this worker knows (another version of Duet?): ${reason}`);
  }
  const { role, epoch, step, restore, threads } = assignment;
  const generator = role === 'discriminator' ? 0 : Number(role.replace('generator-', ''));
  return { role, generator, epoch, step, restore, threads, config: config.data, engine: engine.data };
}
