import { z } from 'zod';

/** tensorflow: native, prepared once on a machine. wasm: runs wherever Node does, on the CPU. */
export const ENGINES = ['tensorflow', 'wasm'] as const;
/** What can be asked for. auto: tensorflow, or wasm where it cannot be prepared. */
export const ENGINE_CHOICES = ['auto', ...ENGINES] as const;
export const DEVICES = ['auto', 'cuda', 'cpu'] as const;

export type EngineName = (typeof ENGINES)[number];
export type DeviceChoice = (typeof DEVICES)[number];

/** Which engine computes, and on what: the same for all workers of a run. */
export const engineChoiceSchema = z.strictObject({
  name: z.enum(ENGINES),
  /** auto: a card if there is one. cuda: a card or an error. */
  device: z.enum(DEVICES),
});
export type EngineChoice = z.output<typeof engineChoiceSchema>;
