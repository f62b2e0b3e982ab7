import { PRESETS, type PresetName } from '../../../gan/presets.js';
import { PRESET_SETTINGS, kebab } from './options.js';

/** What a preset stands for, as flags: "--batch 32 --width 0.5 --evaluate-every 0" */
export function describePreset(preset: PresetName): string {
  const values = { ...PRESETS[preset], ...PRESET_SETTINGS[preset] };
  return Object.entries(values)
    .map(([key, value]) => `--${kebab(key)} ${String(value)}`)
    .join(' ');
}
