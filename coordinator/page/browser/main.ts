/** The live page of a run: what the stream says goes to the part that shows it. */
import { connect } from './connection.js';
import { Curves } from './curves.js';
import { Events } from './events.js';
import { Samples } from './samples.js';
import { Summary } from './summary.js';
import { showWorkers } from './workers.js';

const summary = new Summary();
const curves = new Curves();
const samples = new Samples();
const events = new Events();

connect(
  {
    run(run) {
      summary.run(run);
      samples.generators(run.generators);
      showWorkers(run);
    },
    history: (part) => curves.history(part),
    events(part) {
      if (part.all) events.clear();
      events.set(part);
      curves.markers(part.markers);
      summary.recovery(part.recovery);
    },
    quality(quality) {
      summary.quality(quality);
      curves.quality(quality);
    },
    samples: (list) => samples.set(list),
  },
  (connected, heard) => summary.connection(connected, heard),
);
