import type { z } from 'zod';

const LONGEST = 200;

/** What zod found first, and where, as a part of a sentence: cut, because zod repeats keys as long as they are given. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown';
  const path = issue.path.map(String).join('.').slice(0, LONGEST);
  return `${issue.message.slice(0, LONGEST)}${path === '' ? '' : ` at ${path}`}`;
}
