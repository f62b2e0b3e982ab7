import { dashboard } from '../frame.js';
import { exchange } from './exchange.js';
import { gpus } from './gpus.js';
import { phases } from './phases.js';
import { processes } from './processes.js';
import { rates } from './rates.js';
import { step } from './step.js';

export const throughput = () =>
  dashboard({
    uid: 'duet-throughput',
    title: 'Duet: Throughput',
    description: 'How fast does it train, and what does a step wait for? What the figures mean: docs/performance.md.',
    rows: [rates(), step(), phases(), exchange(), processes(), gpus()],
  });
