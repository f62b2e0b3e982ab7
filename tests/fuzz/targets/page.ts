/** The journals of a run as the live page reads them: lines that another version wrote, or that a disk has changed. */
import fc from 'fast-check';
import { EventLog } from '../../../coordinator/view/event-log.js';
import { History } from '../../../coordinator/view/history.js';
import { parsedLine } from '../../../coordinator/view/journal-tail.js';
import { QualityLog } from '../../../coordinator/view/quality-log.js';
import { stepOf } from '../../support/runs/history.js';
import { Finding } from '../meter.js';
import { mutated } from '../mutations.js';
import { defineTarget } from '../target.js';

const LINES = [
  JSON.stringify(stepOf(1)),
  JSON.stringify({ step: 500, kid: 0.1, floor: 0.01, generators: { 'generator-1': 0.1 }, modes: 7, modesOf: 10 }),
  '{"time":"2026-01-01T00:00:00.000Z","event":"step-called-off","step":5,"cause":"crashed","role":"","reason":"x"}',
  '{"time":"2026-01-01T00:00:00.000Z","event":"recovered","step":5,"totalMs":12.5,"cause":"slow"}',
  '{"time":"2026-01-01T00:00:00.000Z","event":"role-ready","worker":"a/1","role":"generator-1"}',
];
const POINTS = 8;

export const page = defineTarget({
  name: 'journals on the page',
  share: 0.02,
  inputs: fc.array(mutated(LINES.map((line) => Buffer.from(line))), { minLength: 1, maxLength: 20 }),
  reading: (lines) => ({
    bytes: lines.reduce((sum, { length }) => sum + length, 0),
    allowance: 64 << 10,
    read() {
      const [history, quality, events] = [new History(POINTS), new QualityLog(POINTS), new EventLog('/runs/a')];
      for (const bytes of lines) {
        const line = parsedLine(Buffer.from(bytes).toString('utf8'));
        if (line === undefined) continue;
        for (const log of [history, quality, events]) log.add(line);
      }
      const { columns } = history.part();
      const { step, discriminatorLoss, generatorLosses, verdicts } = columns;
      for (const { length } of [discriminatorLoss, ...generatorLosses, ...Object.values(verdicts)]) {
        if (length !== step.length) throw new Finding(`columns of ${length} and of ${step.length} points`);
      }
      if (step.length > POINTS) throw new Finding(`${step.length} points, ${POINTS} allowed`);
      if (quality.view().points.length > POINTS + 1) throw new Finding('too many evaluations');
      for (const told of [columns, quality.view(), events.part()]) JSON.stringify(told);
    },
  }),
});
