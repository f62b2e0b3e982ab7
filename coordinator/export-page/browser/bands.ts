/** A band a generator, each with its picture; any of them can be left out. */
import type { About } from '../about.js';
import { byId, element, setAttribute, setText } from '../../page/browser/dom.js';
import { variableOf } from '../../page/browser/colours.js';
import { colourName } from '../../page/browser/format.js';
import type { Painter } from './canvas.js';

interface Band {
  name: string;
  chosen: HTMLInputElement;
  figure: HTMLElement;
  canvas: HTMLCanvasElement;
  remark: HTMLElement;
  colour: string;
  shown?: { samples: Float32Array; count: number };
}

export class Bands {
  readonly #bands: readonly Band[];
  readonly #paint: Painter;

  /** @param chosen called when a generator was chosen or left out */
  constructor(about: About, paint: Painter, chosen: () => void) {
    this.#paint = paint;
    this.#bands = about.generators.map(bandOf);
    byId('bands').append(...this.#bands.map(({ figure }) => figure));
    byId('shown').append(...this.#bands.map(({ name, chosen: box, colour }) => choiceOf(titleOf(name), box, colour)));
    for (const { chosen: box } of this.#bands) {
      box.addEventListener('change', () => {
        this.#arrange();
        chosen();
      });
    }
    this.#arrange();
  }

  /** Of the generators that are shown. */
  get shown(): string[] {
    return this.#bands.flatMap(({ name, chosen }) => (chosen.checked ? [name] : []));
  }

  /** @param drawn [count, ...shape] of each generator by name @param words what the pictures show */
  show(drawn: ReadonlyMap<string, Float32Array>, count: number, words: string): void {
    for (const band of this.#bands) {
      const samples = drawn.get(band.name);
      if (samples === undefined) continue;
      band.shown = { samples, count };
      setAttribute(band.canvas, 'aria-label', `${count} samples of ${titleOf(band.name)}, ${words}`);
      this.#repaint(band);
    }
  }

  /** The same samples, for another size of the window or other colours. */
  repaint(): void {
    for (const band of this.#bands) this.#repaint(band);
  }

  #repaint({ shown, figure, canvas, remark, colour }: Band): void {
    if (shown === undefined || figure.hidden) return;
    const room = (canvas.parentElement as HTMLElement).clientWidth;
    setText(remark, this.#paint(canvas, { ...shown, colour, room }));
  }

  #arrange(): void {
    for (const { figure, chosen } of this.#bands) figure.hidden = !chosen.checked;
    byId('none-shown').hidden = this.shown.length > 0;
  }
}

/** generator-2 → generator 2 */
function titleOf(name: string): string {
  return name.replace('-', ' ');
}

function bandOf(name: string): Band {
  const colour = variableOf(colourName(name));
  const canvas = element('canvas', { role: 'img', id: name, width: '1', height: '1' });
  const remark = element('small');
  const heading = element('h2', {}, swatch(colour), titleOf(name), ' ', remark);
  const figure = element(
    'section',
    { class: 'card band', 'aria-label': titleOf(name) },
    heading,
    element('div', {}, canvas),
  );
  const chosen = element('input', { type: 'checkbox', name });
  chosen.checked = true;
  return { name, chosen, figure, canvas, remark, colour };
}

function choiceOf(title: string, box: HTMLInputElement, colour: string): HTMLElement {
  return element('label', {}, box, swatch(colour), title);
}

function swatch(colour: string): HTMLElement {
  const made = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  made.style.setProperty('--colour', `var(${colour})`);
  return made;
}
