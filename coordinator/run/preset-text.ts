import { PRESETS, type PresetName } from '../../gan/presets.js';
import { compileOptions, kebab } from './options.js';

/** What a preset changes, as flags: "--width 0.5 --batch 32 --evaluate-every 0" */
export function describePreset(preset: PresetName): string {
  const [full, chosen] = [flat('full'), flat(preset)];
  const changed = Object.keys(chosen).filter((key) => key !== 'preset' && chosen[key] !== full[key]);
  return changed.map((key) => `--${kebab(key)} ${String(chosen[key])}`).join(' ');
}

function flat(preset: keyof typeof PRESETS): Record<string, unknown> {
  const { training, settings } = compileOptions({ preset });
  return { ...training, ...settings };
}
