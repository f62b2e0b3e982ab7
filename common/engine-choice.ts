import { z } from 'zod';

export const ENGINES = ['tensorflow'] as const;
export const DEVICES = ['auto', 'cuda', 'cpu'] as const;

/** Which engine computes, and on what. */
export const engineChoiceSchema = z.strictObject({
  name: z.enum(ENGINES),
  /** auto: a card if there is one. cuda: a card or an error. */
  device: z.enum(DEVICES),
});
export type EngineChoice = z.output<typeof engineChoiceSchema>;
