/** What a Standby or an Assign asks for, checked: the config, the engine and the role, as the compute thread uses them. */
import type { z } from 'zod';
import { DuetError } from '../common/errors.js';
import { engineChoiceSchema } from '../common/engine-choice.js';
import { firstIssue } from '../common/first-issue.js';
import { type TrainingConfig, trainingConfigSchema } from '../gan/config.js';
import type { Preparation } from './messages.js';
import { generatorOf } from './request.js';

export interface Job {
  role: string;
  /** 0 for the discriminator, k for generator-k. */
  generator: number;
  config: TrainingConfig;
  engine: z.output<typeof engineChoiceSchema>;
  threads: number;
}

/** @throws DuetError when the coordinator is of a version whose config this worker does not know */
export function readJob({ role, threads, ...asked }: Preparation): Job {
  const config = trainingConfigSchema.safeParse(asked.config);
  const engine = engineChoiceSchema.safeParse(asked.engine);
  if (!config.success || !engine.success) {
    const reason = firstIssue((config.error ?? engine.error) as z.ZodError);
    throw new DuetError(`the coordinator's config is not one this worker knows (another version of Duet?): ${reason}`);
  }
  const generator = generatorOf(role, config.data.generators);
  return { role, generator, threads, config: config.data, engine: engine.data };
}
