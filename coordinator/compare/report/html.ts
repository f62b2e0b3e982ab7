/** The report as one page that needs nothing else: styles, charts and pictures are in it. */
import type { Block, Cell, Picture, Report, Table } from './blocks.js';
import { STYLE } from './style.js';

export function toHtml({ title, blocks }: Report): string {
  const contents = blocks.flatMap((block) =>
    block.kind === 'heading' && block.level === 2 && block.id !== undefined
      ? [`<li><a href="#${escaped(block.id)}">${escaped(block.text)}</a></li>`]
      : [],
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<nav aria-label="Contents"><ul>${contents.join('')}</ul></nav>
${blocks.map(render).join('\n')}
</main>
</body>
</html>
`;
}

function render(block: Block): string {
  switch (block.kind) {
    case 'heading': {
      const id = block.id === undefined ? '' : ` id="${escaped(block.id)}"`;
      return `<h${block.level}${id}>${escaped(block.text)}</h${block.level}>`;
    }
    case 'paragraph':
      return `<p${block.tone === undefined ? '' : ` class="${block.tone}"`}>${escaped(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
    case 'code': {
      const code = `<pre tabindex="0"><code>${escaped(block.text.trimEnd())}</code></pre>`;
      return block.summary === undefined
        ? code
        : `<details><summary>${escaped(block.summary)}</summary>${code}</details>`;
    }
    case 'pictures':
      return `<div class="${block.wide === true ? 'charts' : 'samples'}">${block.pictures.map(figure).join('\n')}</div>`;
    case 'table':
      return table(block);
    default:
      return block satisfies never;
  }
}

function table({ caption, columns, rows }: Table): string {
  const head = columns.map(({ title, about, isText }) => {
    const hint = about === undefined ? '' : ` title="${escaped(about)}"`;
    const text = isText === true ? ' class="text"' : '';
    return `<th scope="col"${text}${hint}>${escaped(title)}</th>`;
  });
  const body = rows.map(({ cells, isFloor }) => {
    const [first, ...rest] = cells;
    const row = `<th scope="row">${escaped(first?.text ?? '')}</th>${rest.map((each, i) => data(each, columns[i + 1]?.isText === true)).join('')}`;
    return `<tr${isFloor === true ? ' class="floor"' : ''}>${row}</tr>`;
  });
  // The box scrolls sideways on a narrow screen, also by keyboard.
  return `<div class="table" role="region" aria-label="${escaped(caption)}" tabindex="0"><table><caption><span>${escaped(caption)}</span></caption>
<thead><tr>${head.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody></table></div>`;
}

function data({ text, tone }: Cell, isText: boolean): string {
  const classes = [...(tone === undefined ? [] : [tone]), ...(isText ? ['text'] : [])].join(' ');
  return `<td${classes === '' ? '' : ` class="${classes}"`}>${escaped(text)}</td>`;
}

function figure({ caption, alt, content }: Picture): string {
  const inner =
    'svg' in content
      ? content.svg.replace('<svg ', `<svg role="img" aria-label="${escaped(alt)}" `)
      : `<img alt="${escaped(alt)}" src="${content.data}" loading="lazy">`;
  return `<figure>${inner}<figcaption>${escaped(caption)}</figcaption></figure>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
