import type { Block, Cell, Report, Table } from './blocks.js';

/** @param page file name of the HTML page, which has the pictures */
export function toMarkdown({ title, blocks }: Report, page: string): string {
  return `${[`# ${title}`, ...blocks.map((block) => render(block, page))].join('\n\n')}\n`;
}

function render(block: Block, page: string): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escaped(block.text)}`;
    case 'paragraph':
      return block.tone === 'warning' ? `**${escaped(block.text)}**` : escaped(block.text);
    case 'list':
      return block.items.map((item) => `- ${escaped(item)}`).join('\n');
    case 'code':
      return fenced(block.text);
    case 'pictures':
      return `In [${page}](${page}):\n\n${block.pictures.map(({ caption }) => `- ${escaped(caption)}`).join('\n')}`;
    case 'table':
      return table(block);
    default:
      return block satisfies never;
  }
}

function table({ caption, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const width = columns.length;
  return [
    `**${escaped(caption)}**`,
    '',
    line(columns.map(({ title }) => escaped(title))),
    line(columns.map(({ isText }, i) => (i === 0 || isText === true ? '---' : '---:'))),
    ...rows.map(({ cells }) => line(Array.from({ length: width }, (_, i) => cellText(cells[i])))),
  ].join('\n');
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const text = escaped(cell.text);
  return cell.tone === 'best' ? `**${text}**` : text;
}

/** A fence longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\`*_|<>[\]]/g, (character) => `\\${character}`).replaceAll(/\s*\n\s*/g, ' ');
}
