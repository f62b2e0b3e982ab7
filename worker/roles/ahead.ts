/** What a role has begun of the step after the one that it has voted for, on the weights that wait for their commit. */
export interface Position {
  epoch: number;
  step: number;
  branch: number;
}

export class Ahead<Work extends Disposable> implements Disposable {
  #begun: { at: Position; work: Work } | undefined;

  begin(at: Position, work: Work): void {
    this[Symbol.dispose]();
    this.#begun = { at, work };
  }

  /** @returns what was begun of this very step, the caller's now; what was begun of another one goes */
  take({ epoch, step, branch }: Position): Work | undefined {
    const begun = this.#begun;
    if (begun === undefined) return undefined;
    const { at, work } = begun;
    if (at.epoch !== epoch || at.step !== step || at.branch !== branch) {
      this[Symbol.dispose]();
      return undefined;
    }
    this.#begun = undefined;
    return work;
  }

  [Symbol.dispose](): void {
    this.#begun?.work[Symbol.dispose]();
    this.#begun = undefined;
  }
}
