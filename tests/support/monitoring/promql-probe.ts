/** Alert expressions turned into questions whether there is anything to look at. */

const COMPARISON = /(==|!=|>=|<=|>|<)/g;
/** To the end of its line, as deploy/prometheus/alerts.yml writes them. */
const UNLESS = /\bunless on \([^)]*\).*$/gm;
const DURATION = /(\[|\boffset )(\d+)(m|h)\b/g;
const LASTS: Readonly<Record<string, string>> = { m: 's', h: 'm' };

/**
 * An expression that has a value wherever the alert's would have one, was its threshold passed: comparisons say 0 or 1
 * instead of leaving out, exceptions (unless) are left away, and a minute is a second, so that a run of a minute has a history.
 */
export function quickened(expr: string): string {
  const all = expr.replaceAll(UNLESS, '').replaceAll(DURATION, (_, before: string, number: string, unit: string) => {
    return `${before}${number}${LASTS[unit]}`;
  });
  // Label matchers have their own signs.
  return all
    .split(/(\{[^}]*\})/)
    .map((part) => (part.startsWith('{') ? part : part.replaceAll(COMPARISON, '$1 bool')))
    .join('');
}
