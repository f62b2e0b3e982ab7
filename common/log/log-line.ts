/** The sentence of a line that may be one of a log in JSON; any other line is a sentence by itself. */
export function sentenceOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}
