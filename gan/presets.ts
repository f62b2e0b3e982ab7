/** What stands for values of a run that are not given: the preset of the design, or what a laptop shows within minutes. */

/** Values of the training config. */
export const PRESETS = {
  full: {},
  /** An eighth of the arithmetic, for digits that are little worse: KID after 1,500 steps 0.131; at width 1 0.121, with batch 64 0.124. */
  small: { batch: 32, width: 0.5 },
} as const;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];
