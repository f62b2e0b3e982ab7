/** The sample grids, with a slider through time: it follows the newest picture until somebody moves it. */
import type { SamplesView } from '../../view/messages.js';
import { byId, setAttribute, setText } from './dom.js';
import { count } from './format.js';

export class Samples {
  readonly #picture = byId<HTMLImageElement>('picture');
  readonly #slider = byId<HTMLInputElement>('when');
  readonly #newest = byId<HTMLButtonElement>('newest');
  #samples: SamplesView = { steps: [], generation: 0 };
  #generators = 1;
  #follows = true;
  /** Of the picture that is shown, or is on its way. */
  #shown = '';

  constructor() {
    this.#slider.addEventListener('input', () => this.#choose(false));
    this.#newest.addEventListener('click', () => this.#choose(true));
    this.#picture.addEventListener('error', () => setText(byId('when-step'), 'that picture is gone'));
  }

  set(samples: SamplesView): void {
    const step = this.#samples.steps[Number(this.#slider.value)];
    this.#samples = samples;
    const { steps } = samples;
    byId('samples-empty').hidden = steps.length > 0;
    byId('samples-body').hidden = steps.length === 0;
    this.#slider.max = String(Math.max(0, steps.length - 1));
    // Where it was put it stays, whatever else there is by now.
    const kept = step === undefined ? -1 : steps.indexOf(step);
    if (this.#follows || kept < 0) this.#choose(true);
    else {
      this.#slider.value = String(kept);
      this.#show();
    }
  }

  generators(generators: number): void {
    if (generators === this.#generators) return;
    this.#generators = generators;
    this.#show();
  }

  #choose(follows: boolean): void {
    this.#follows = follows || Number(this.#slider.value) === this.#samples.steps.length - 1;
    if (this.#follows) this.#slider.value = this.#slider.max;
    setAttribute(this.#newest, 'aria-pressed', String(this.#follows));
    this.#show();
  }

  #show(): void {
    const { steps, generation } = this.#samples;
    const step = steps[Number(this.#slider.value)];
    if (step === undefined) return;
    // Another branch's picture of that step has another address: a browser would show what it remembers.
    const address = `/samples/step-${String(step).padStart(6, '0')}.png${generation === 0 ? '' : `?branch=${generation}`}`;
    const words = `step ${count(step)}`;
    const whose = Array.from({ length: this.#generators }, (_, i) => `generator ${i + 1}`).join(', ');
    setText(byId('when-step'), words);
    setAttribute(this.#slider, 'aria-valuetext', words);
    this.#picture.alt = `Samples at ${words}, a band each: ${whose}`;
    if (address === this.#shown) return;
    this.#shown = address;
    this.#load(address);
  }

  /** The one before stays until the next can be drawn: no flicker while the slider moves. */
  #load(address: string): void {
    const next = new Image();
    next.src = address;
    const put = () => {
      if (address !== this.#shown) return;
      if (next.naturalWidth > 0) {
        this.#picture.width = next.naturalWidth;
        this.#picture.height = next.naturalHeight;
      }
      this.#picture.src = address;
    };
    next.decode().then(put, put);
  }
}
