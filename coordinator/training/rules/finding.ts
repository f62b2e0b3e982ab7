export const RULES = [
  'gradient-exploding',
  'gradient-vanishing',
  'discriminator-loss-near-zero',
  'discriminator-too-strong',
  'verdict-stuck',
  'generator-starving',
  'diversity-collapse',
  'quality-collapse',
  'class-collapse',
  'mode-collapse',
] as const;
export type Rule = (typeof RULES)[number];

/** Something that a rule holds of a run now. */
export interface Finding {
  rule: Rule;
  /** What it is about, such as generator-1; empty: the whole run. */
  subject: string;
  /** True: the run is worth ending. False: a person may want to look. */
  collapse: boolean;
  /** In words, with the figures. */
  reason: string;
}
