/**
 * Everything a role must keep from step to step, in two versions: committed, and staged by the step in progress.
 * tfjs tensors are immutable, so staging copies nothing: commit drops the old tensors, rollback drops the new ones.
 * For the same reason the committed version of some steps can be held, to go back to, for no more than its memory.
 */
import { type Adam, type AdamOptions, type AdamState, createAdam } from './adam.js';
import { type Architecture, type ParameterSpec, parametersOf } from './architecture.js';
import { ADAM_EPSILON, type TrainingConfig } from '../config.js';
import type { Engine, Tensor } from '../engine/index.js';
import { FlatLayout } from './flat-layout.js';
import type { NamedArray } from './initialise.js';

interface Version {
  weights: Readonly<Record<string, Tensor>>;
  /** The trained ones again, as the optimiser wants them. */
  flat: Tensor;
  adam: AdamState;
}

/** What a checkpoint of a role holds: weights/*, adam/m/*, adam/v/* and the number of updates. */
export interface RoleArrays {
  arrays: NamedArray[];
  updates: number;
}

export class RoleState implements Disposable {
  readonly #engine: Engine;
  readonly #specs: readonly ParameterSpec[];
  readonly #layout: FlatLayout;
  readonly #adam: Adam;
  readonly #options: AdamOptions;
  readonly #initial: () => readonly NamedArray[];
  #committed: Version;
  #staged: Version | undefined;
  /** Committed versions by their step. */
  readonly #held = new Map<number, Version>();

  /** @param initial the weights before the first step */
  constructor(
    engine: Engine,
    architecture: Architecture,
    config: TrainingConfig,
    initial: () => readonly NamedArray[],
  ) {
    this.#engine = engine;
    this.#specs = parametersOf(architecture);
    this.#layout = new FlatLayout(engine, this.#trainable());
    this.#adam = createAdam(engine);
    this.#options = {
      learningRate: config.learningRate,
      beta1: config.beta1,
      beta2: config.beta2,
      epsilon: ADAM_EPSILON,
    };
    this.#initial = initial;
    this.#committed = this.#beginning();
  }

  /** The weights as of the last commit. */
  get committed(): Readonly<Record<string, Tensor>> {
    return this.#committed.weights;
  }

  /** The weights that the step in progress has staged, or the committed ones before it does. */
  get latest(): Readonly<Record<string, Tensor>> {
    return (this.#staged ?? this.#committed).weights;
  }

  [Symbol.dispose](): void {
    this.rollback();
    this.#drop(() => true);
    this.#engine.tf.dispose(tensorsOf(this.#committed));
  }

  /** Gradients by name as one vector for `stage`. Disposes of them. */
  join(gradients: Readonly<Record<string, Tensor>>): Tensor {
    const vector = this.#layout.join(gradients);
    this.#engine.tf.dispose(gradients);
    return vector;
  }

  /** Stages one update, on top of what this step has staged already. Takes `moved` over, disposes of the gradient. */
  stage(gradient: Tensor, moved: Readonly<Record<string, Tensor>> = {}): void {
    const base = this.#staged ?? this.#committed;
    const update = this.#adam(this.#options, base.flat, gradient, base.adam);
    gradient.dispose();
    const staged: Version = {
      weights: { ...base.weights, ...this.#layout.split(update.weights), ...moved },
      flat: update.weights,
      adam: update.state,
    };
    this.#staged = staged;
    this.#dispose(base);
  }

  commit(): void {
    if (this.#staged === undefined) return;
    const old = this.#committed;
    this.#committed = this.#staged;
    this.#staged = undefined;
    this.#dispose(old);
  }

  rollback(): void {
    if (this.#staged === undefined) return;
    const dropped = this.#staged;
    this.#staged = undefined;
    this.#dispose(dropped);
  }

  /** Keeps what is committed as the state of this step, until `release`. */
  hold(step: number): void {
    const replaced = this.#held.get(step);
    this.#held.set(step, this.#committed);
    if (replaced !== undefined) this.#dispose(replaced);
  }

  /** Makes the held state of a step the committed one; states of later steps go. @returns false if it is not held */
  recall(step: number): boolean {
    const version = this.#held.get(step);
    if (version === undefined) return false;
    this.#replace(version);
    this.#drop((held) => held > step);
    return true;
  }

  /** Back to before the first step. */
  reset(): void {
    this.#drop(() => true);
    this.#replace(this.#beginning());
  }

  /** Drops the held states of steps before this one. */
  release(before: number): void {
    this.#drop((held) => held < before);
  }

  /** The committed state as plain numbers. */
  save(): RoleArrays {
    const read = (prefix: string, tensors: Readonly<Record<string, Tensor>>): NamedArray[] =>
      Object.entries(tensors).map(([name, tensor]) => ({
        name: `${prefix}/${name}`,
        shape: tensor.shape,
        data: tensor.dataSync<'float32'>(),
      }));
    const { weights, adam } = this.#committed;
    const arrays = read('weights', weights);
    this.#engine.tf.tidy(() => {
      arrays.push(...read('adam/m', this.#layout.split(adam.m)), ...read('adam/v', this.#layout.split(adam.v)));
    });
    return { arrays, updates: adam.updates };
  }

  /** Replaces the whole state. @throws RangeError when an array is missing or of another shape; nothing is changed then */
  load(saved: RoleArrays): void {
    const weights = this.#tensors(saved.arrays, 'weights/', this.#specs);
    const moment = (prefix: string): Tensor => this.join(this.#tensors(saved.arrays, prefix, this.#trainable()));
    const version: Version = {
      weights,
      flat: this.#layout.join(weights),
      adam: { m: moment('adam/m/'), v: moment('adam/v/'), updates: saved.updates },
    };
    this.#drop(() => true);
    this.#replace(version);
  }

  #beginning(): Version {
    const weights = this.#tensors(this.#initial(), '', this.#specs);
    const moments = () => this.#engine.tf.zeros([this.#layout.size]);
    return { weights, flat: this.#layout.join(weights), adam: { m: moments(), v: moments(), updates: 0 } };
  }

  #replace(version: Version): void {
    this.rollback();
    const old = this.#committed;
    this.#committed = version;
    this.#dispose(old);
  }

  #drop(which: (step: number) => boolean): void {
    for (const [step, version] of this.#held) {
      if (!which(step)) continue;
      this.#held.delete(step);
      this.#dispose(version);
    }
  }

  /** Disposes of the tensors of `gone` that no version in use shares. */
  #dispose(gone: Version): void {
    const used = [this.#committed, ...(this.#staged ? [this.#staged] : []), ...this.#held.values()];
    const keep = new Set(used.flatMap(tensorsOf));
    for (const tensor of tensorsOf(gone)) if (!keep.has(tensor)) tensor.dispose();
  }

  #trainable(): ParameterSpec[] {
    return this.#specs.filter((spec) => spec.trainable);
  }

  #tensors(arrays: readonly NamedArray[], prefix: string, specs: readonly ParameterSpec[]): Record<string, Tensor> {
    const byName = new Map(arrays.map((array) => [array.name, array]));
    const checked = specs.map((spec) => ({ spec, array: matching(spec, prefix, byName) }));
    return Object.fromEntries(
      // Copied: tfjs shares the buffer it is given, and this one belongs to the caller.
      checked.map(({ spec, array }) => [
        spec.name,
        this.#engine.tf.tensor(array.data.slice(), [...spec.shape], 'float32'),
      ]),
    );
  }
}

function matching(spec: ParameterSpec, prefix: string, arrays: ReadonlyMap<string, NamedArray>): NamedArray {
  const array = arrays.get(prefix + spec.name);
  if (array === undefined) throw new RangeError(`the state lacks the array '${prefix}${spec.name}'`);
  if (array.shape.length !== spec.shape.length || array.shape.some((n, i) => n !== spec.shape[i])) {
    throw new RangeError(
      `the array '${prefix}${spec.name}' has shape [${array.shape.join(', ')}], this network needs [${spec.shape.join(', ')}]`,
    );
  }
  return array;
}

function tensorsOf({ weights, flat, adam }: Version): Tensor[] {
  return [...Object.values(weights), flat, adam.m, adam.v];
}
