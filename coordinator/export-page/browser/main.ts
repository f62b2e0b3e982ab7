/** The exported page: trained generators draw new samples, and a slider goes from some to others. */
import type { About } from '../about.js';
import { onThemeChange } from '../../page/browser/colours.js';
import { byId, setAttribute, setText } from '../../page/browser/dom.js';
import { count as written, milliseconds } from '../../page/browser/format.js';
import { sampleLatents } from '../../../gan/latents.js';
import { newest } from '../newest.js';
import { readAddress, writeAddress } from './address.js';
import { chooseBackend } from './backend.js';
import { Bands } from './bands.js';
import { Controls, wordsOf } from './controls.js';
import { LatentPath, type Position } from './latent-path.js';
import { GeneratorModel } from './models.js';
import { painterOf } from './painters.js';
import { tensorflow } from './tensorflow.js';

/** Samples of each generator, to choose from; the middle one at first. */
const IMAGES = [16, 64, 256] as const;
const POINTS = [512, 2048, 8192] as const;
/** Samples of a drawing that is only to be timed. */
const TRIAL = 16;

async function open(): Promise<void> {
  const about = JSON.parse(byId('about').textContent) as About;
  const models = await loadModels(about);
  const path = new LatentPath(about.latent);
  const counts = about.shape.length === 1 ? POINTS : IMAGES;
  const { seed } = about;
  const other = seed === Number.MAX_SAFE_INTEGER ? 0 : seed + 1;
  let position: Position = { from: seed, to: other, at: 0, count: counts[1], ...readAddress() };

  const drawing = newest<Position>(
    async (wanted) => {
      try {
        const begun = performance.now();
        const z = path.latentsAt(wanted);
        const drawn = new Map<string, Float32Array>();
        for (const name of bands.shown) drawn.set(name, await (models.get(name) as GeneratorModel).draw(z));
        bands.show(drawn, wanted.count, wordsOf(wanted));
        tell(drawn.size, wanted.count, performance.now() - begun);
      } catch (error) {
        fail(error);
      }
    },
    (next) => requestAnimationFrame(next),
    () => setAttribute(byId('bands'), 'aria-busy', 'false'),
  );
  const draw = () => {
    setAttribute(byId('bands'), 'aria-busy', 'true');
    drawing.ask(position);
  };
  const bands = new Bands(about, painterOf(about), draw);
  const controls = new Controls(position, counts, (moved) => {
    position = moved;
    writeAddress(position);
    draw();
  });
  addEventListener('hashchange', () => controls.move(readAddress()));
  new ResizeObserver(() => bands.repaint()).observe(byId('bands'));
  onThemeChange(() => bands.repaint());
  byId('controls').hidden = false;
  byId('rings').hidden = about.centres.length === 0;
  byId('loading').hidden = true;
  draw();
}

async function loadModels(about: About): Promise<Map<string, GeneratorModel>> {
  await tensorflow().ready();
  const models = new Map<string, GeneratorModel>();
  for (const [index, name] of about.generators.entries()) {
    setText(byId('loading'), `Loading generator ${index + 1} of ${about.generators.length} …`);
    models.set(name, await GeneratorModel.load(name, about));
  }
  const [first] = models.values();
  const z = sampleLatents(0, TRIAL, about.latent);
  if (first !== undefined) await chooseBackend(() => first.draw(z));
  return models;
}

function tell(generators: number, count: number, took: number): void {
  const tf = tensorflow();
  setText(
    byId('drawn'),
    `${generators} × ${written(count)} samples in ${milliseconds(took)}, with TensorFlow.js ${tf.version.tfjs} on ${tf.getBackend()}`,
  );
}

/** The first thing that went wrong stays: what follows comes of it. */
function fail(error: unknown): void {
  const problem = byId('problem');
  if (!problem.hidden) return;
  byId('loading').hidden = true;
  const reason = error instanceof Error ? error.message : String(error);
  setText(problem, `The samples cannot be drawn: ${reason}.`);
  problem.hidden = false;
}

open().catch(fail);
