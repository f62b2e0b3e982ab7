/** A refusal of the comparison's file as one sentence: where, which value, what to do. */
import type { z } from 'zod';
import { nearestOf } from '../../common/nearest.js';

/** A message stays a sentence, whatever value it names. */
const LONGEST = 80;

const EXPECTED: Readonly<Record<string, string>> = {
  name: 'give a label of letters, digits and . _ -, as in name: points',
  systems: "give labels and a run's keys, as in gan: { system: gan }",
  data: 'give a list, as in data: [ring8, grid25]',
  seeds: 'give a number of seeds, as in seeds: 10, or a list of different whole numbers',
  settings: "give labels and a run's keys, as in C: { learningRate: 0.0002 }",
  common: "give a run's keys, as in common: { steps: 5000 }",
  perData: "give data sets and a run's keys, as in ring8: { steps: 5000 }",
  evaluate: 'give evaluate: { samples: 2000, seed: 1 }, or evaluate: false',
  parallel: 'give parallel: auto, or a number of runs from 1 to 1024',
  tests: 'give tests: { alpha: 0.05, baseline: LABEL }',
  keep: 'give keep: { checkpoints: none }, last or all',
};

/** @param source the file's name @param keysAt the keys that there are, by where */
export function explainIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  source: string,
  keysAt: Readonly<Record<string, readonly string[]>>,
): string {
  const flat = issue.code === 'invalid_union' ? deepest(issue) : issue;
  if (flat.code === 'unrecognized_keys') {
    const at = flat.path.join('.');
    const key = text(flat.keys[0]);
    const known = keysAt[at] ?? [];
    return `unknown key ${key} in ${at === '' ? source : `${at} of ${source}`}${nearestOf(key.slice(1, -1), known)}`;
  }
  const where = flat.path.map(String).join('.').slice(0, LONGEST);
  const wrong = valueAt(value, flat.path);
  const key = String(flat.path[0] ?? '');
  if (flat.path.length === 1 && wrong === undefined) return `${source} lacks the key '${key}': ${EXPECTED[key] ?? ''}`;
  return `${where}: ${text(wrong)} in ${source} is not possible: ${cure(flat, wrong, key)}`;
}

function cure(issue: z.core.$ZodIssue, wrong: unknown, key: string): string {
  if (issue.code === 'invalid_value') {
    const names = issue.values.map(String);
    return `choose one of ${names.join(', ')}${typeof wrong === 'string' ? nearestOf(wrong.slice(0, LONGEST), names) : ''}`;
  }
  if (issue.code === 'invalid_key')
    return `a label has letters, digits, and . _ - between them, not ${text(issue.path.at(-1))}`;
  return EXPECTED[key] ?? issue.message;
}

/** Of a union's complaints the one about a part of the value, if there is one: it knows more. */
function deepest(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue {
  const inner = issue.errors.flat().filter((each) => each.path.length > 0 || each.code === 'unrecognized_keys');
  const [first] = inner;
  return first === undefined ? issue : { ...first, path: [...issue.path, ...first.path] };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

/** A value on one line, cut when it is long. */
function text(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  const shown = typeof value === 'string' ? `'${json.slice(1, -1)}'` : json;
  return shown.length <= LONGEST ? shown : `${shown.slice(0, LONGEST)}...`;
}
