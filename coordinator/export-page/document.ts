/** The page's document: the template with what it is about. */
import type { About } from './about.js';

/** @param template index.html as it is in browser/ */
export function pageDocument(template: string, about: About): string {
  const filled: Readonly<Record<string, string>> = {
    title: escaped(`Samples of ${about.run}`),
    description: escaped(describe(about)),
    about: scriptJson(about),
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => filled[name] ?? '');
}

/** pggan on mnist, 2 generators, step 1,500, seed 1 */
function describe({ system, data, generators, step, seed }: About): string {
  const count = `${generators.length} ${generators.length === 1 ? 'generator' : 'generators'}`;
  return `${system} on ${data}, ${count}, step ${step.toLocaleString('en-US')}, seed ${seed}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

/** JSON that cannot end the script element which holds it, nor open a comment in it. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
