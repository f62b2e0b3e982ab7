/** What a coordinator of any version may ask of a worker: the JSON and the role of an Assign. */
import fc from 'fast-check';
import { compileOptions } from '../../../coordinator/run/config/options.js';
import { readJob } from '../../../worker/assignment.js';
import { parseRequest } from '../../../worker/request.js';
import { Finding } from '../meter.js';
import { mutated } from '../mutations.js';
import { defineTarget } from '../target.js';

const CONFIG = JSON.stringify(compileOptions({}).training);
const ENGINE = JSON.stringify({ name: 'tensorflow', device: 'cpu' });
const text = (seed: string) => mutated([Buffer.from(seed)]).map((bytes) => bytes.toString('utf8'));

export const assignment = defineTarget({
  name: 'assignments',
  share: 0.018,
  inputs: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ role: fc.constant('generator-1'), config: text(CONFIG), engine: fc.constant(ENGINE) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ role: fc.constant('discriminator'), config: fc.constant(CONFIG), engine: text(ENGINE) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ role: text('generator-2'), config: fc.constant(CONFIG), engine: fc.constant(ENGINE) }),
    },
  ),
  reading: ({ role, config, engine }) => ({
    bytes: role.length + config.length + engine.length,
    allowance: 64 << 10,
    read() {
      const request = parseRequest(config, engine);
      const job = readJob({ run: '', role, threads: 1, ...request });
      if (!(job.generator >= 0 && job.generator <= job.config.generators)) throw new Finding('a role that cannot be');
    },
  }),
});
