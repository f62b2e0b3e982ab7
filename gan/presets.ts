/** What stands for values of a run that are not given: the preset of the design, or what a laptop shows within minutes. */

/** Values of the training config. */
export const PRESETS = {
  full: {},
  /** An eighth of the arithmetic. Without batch norm's blessing of 64 samples, and with half of the filters, the digits are plainer. */
  small: { width: 0.5, batch: 32 },
} as const;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];
