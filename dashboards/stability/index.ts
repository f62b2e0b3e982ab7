import { dashboard } from '../frame.js';
import { losses } from './losses.js';
import { networks } from './networks.js';
import { progress } from './progress.js';
import { quality } from './quality.js';
import { rules } from './rules.js';

export const stability = () =>
  dashboard({
    uid: 'duet-stability',
    title: 'Duet: Training stability',
    description: 'Does the GAN learn, or does it diverge or collapse? Signals and thresholds: docs/stability.md.',
    rows: [progress(), losses(), networks(), quality(), rules()],
  });
