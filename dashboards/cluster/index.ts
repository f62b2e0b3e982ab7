import { dashboard } from '../frame.js';
import { checkpoints } from './checkpoints.js';
import { faults } from './faults.js';
import { processes } from './processes.js';
import { recovery } from './recovery.js';
import { run } from './run.js';
import { workers } from './workers.js';

export const cluster = () =>
  dashboard({
    uid: 'duet-cluster',
    title: 'Duet: Cluster health',
    description:
      'Who is there, what went wrong, and what it cost. Faults and deadlines: docs/faults.md; what to do: docs/operations.md.',
    rows: [run(), workers(), faults(), recovery(), checkpoints(), processes()],
  });
