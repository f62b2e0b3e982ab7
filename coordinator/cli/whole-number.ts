import { UsageError } from '../../common/errors.js';

/** A flag's text as a number. @throws UsageError when it is not a whole number in the range */
export function wholeNumber(flag: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new UsageError(`${flag} takes a whole number ${range}, not '${text}'`);
}
