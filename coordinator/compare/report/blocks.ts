/** The report as a list of blocks, so that the page and the Markdown say the same. */

export interface Column {
  title: string;
  /** For a hint on the page. */
  about?: string;
  /** Words, not numbers: from the left. */
  isText?: true;
}

export interface Cell {
  text: string;
  /** best: of its column. muted: less important. bad: something died or collapsed. */
  tone?: 'best' | 'muted' | 'bad';
}

export interface Table {
  kind: 'table';
  caption: string;
  columns: readonly Column[];
  /** The first cell is the row's heading. */
  rows: readonly { cells: readonly Cell[]; isFloor?: boolean }[];
}

/** On the page alone; Markdown names it. */
export interface Picture {
  kind: 'picture';
  caption: string;
  alt: string;
  /** An SVG element, or the address of an image with its data in it. */
  content: { svg: string } | { data: string };
}

export type Block =
  | { kind: 'heading'; level: 2 | 3 | 4; text: string; id?: string }
  | { kind: 'paragraph'; text: string; tone?: 'note' | 'warning' }
  | { kind: 'list'; items: readonly string[] }
  | { kind: 'code'; text: string; summary?: string }
  | { kind: 'pictures'; pictures: readonly Picture[]; wide?: boolean }
  | Table;

export interface Report {
  title: string;
  blocks: readonly Block[];
}

export const heading = (level: 2 | 3 | 4, text: string, id?: string): Block => ({
  kind: 'heading',
  level,
  text,
  ...(id === undefined ? {} : { id }),
});
export const paragraph = (text: string, tone?: 'note' | 'warning'): Block => ({
  kind: 'paragraph',
  text,
  ...(tone === undefined ? {} : { tone }),
});
export const cell = (text: string, tone?: Cell['tone']): Cell => ({ text, ...(tone === undefined ? {} : { tone }) });
