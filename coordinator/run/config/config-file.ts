/** The run's YAML file, read into plain keys; what they mean is checked with the flags (options.ts). */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { UsageError, messageOf } from '../../../common/errors.js';

/** A config is a page of text; anything larger is not one. */
const MOST_BYTES = 1 << 20;
const LONGEST_REASON = 200;

/** @throws UsageError when the file is missing, too large, not YAML, or not a list of keys and values */
export function readConfigFile(path: string): Record<string, unknown> {
  const text = readText(path);
  // No aliases: a few lines of them can unfold into gigabytes.
  const document = parseDocument(text, { logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw new UsageError(`${path} is not YAML: ${firstLine(error.message)}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new UsageError(`${path} cannot be used: ${firstLine(messageOf(cause))}`, { cause });
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`${path} must hold keys and values, such as 'steps: 1000'`);
  }
  return value as Record<string, unknown>;
}

/** The parser repeats what it was given; a message stays a sentence all the same. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').slice(0, LONGEST_REASON);
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MOST_BYTES)
      throw new UsageError(`${path} has ${bytes.length} bytes, more than a config can have`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read the config ${path}: ${messageOf(error)}`, { cause: error });
  }
}
