/** Turns findings of every tick into beginnings and ends: people are told once. */
import type { Finding } from './finding.js';

export interface Change {
  kind: 'began' | 'ended';
  finding: Finding;
}

export class FindingLog {
  readonly #quiet: number;
  readonly #active = new Map<string, { finding: Finding; seen: number }>();

  /** @param quiet steps that a finding must be absent before it counts as over: one at its threshold would come and go */
  constructor(quiet: number) {
    this.#quiet = quiet;
  }

  /** @param findings all that hold at this step */
  update(step: number, findings: readonly Finding[]): Change[] {
    const changes: Change[] = [];
    for (const finding of findings) {
      if (!this.#active.has(key(finding))) changes.push({ kind: 'began', finding });
      this.#active.set(key(finding), { finding, seen: step });
    }
    for (const [name, { finding, seen }] of this.#active) {
      if (step - seen <= this.#quiet) continue;
      this.#active.delete(name);
      changes.push({ kind: 'ended', finding });
    }
    return changes;
  }

  /** Those that have begun and not ended. */
  get active(): Finding[] {
    return [...this.#active.values()].map(({ finding }) => finding);
  }
}

export function key({ rule, subject }: Finding): string {
  return `${rule} ${subject}`;
}
