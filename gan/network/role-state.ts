/**
 * Everything a role must keep from step to step, in two versions: committed, and staged by the step in progress.
 * tfjs tensors are immutable, so staging copies nothing: commit drops the old tensors, rollback drops the new ones.
 */
import { type AdamOptions, type AdamState, adamUpdate } from './adam.js';
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

export class RoleState {
  readonly #engine: Engine;
  readonly #specs: readonly ParameterSpec[];
  readonly #layout: FlatLayout;
  readonly #options: AdamOptions;
  #committed: Version;
  #staged: Version | undefined;

  constructor(engine: Engine, architecture: Architecture, config: TrainingConfig, initial: readonly NamedArray[]) {
    this.#engine = engine;
    this.#specs = parametersOf(architecture);
    this.#layout = new FlatLayout(engine, this.#trainable());
    this.#options = {
      learningRate: config.learningRate,
      beta1: config.beta1,
      beta2: config.beta2,
      epsilon: ADAM_EPSILON,
    };
    const weights = this.#tensors(initial, '', this.#specs);
    const moments = () => engine.tf.zeros([this.#layout.size]);
    this.#committed = { weights, flat: this.#layout.join(weights), adam: { m: moments(), v: moments(), updates: 0 } };
  }

  /** The weights as of the last commit. */
  get committed(): Readonly<Record<string, Tensor>> {
    return this.#committed.weights;
  }

  /** The weights that the step in progress has staged, or the committed ones before it does. */
  get latest(): Readonly<Record<string, Tensor>> {
    return (this.#staged ?? this.#committed).weights;
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
    const update = adamUpdate(this.#engine, this.#options, base.flat, gradient, base.adam);
    gradient.dispose();
    const staged: Version = {
      weights: { ...base.weights, ...this.#layout.split(update.weights), ...moved },
      flat: update.weights,
      adam: update.state,
    };
    if (base === this.#staged) disposeWhatOnly(base, staged, this.#committed);
    this.#staged = staged;
  }

  commit(): void {
    if (this.#staged === undefined) return;
    const old = this.#committed;
    this.#committed = this.#staged;
    this.#staged = undefined;
    disposeWhatOnly(old, this.#committed);
  }

  rollback(): void {
    if (this.#staged === undefined) return;
    const dropped = this.#staged;
    this.#staged = undefined;
    disposeWhatOnly(dropped, this.#committed);
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
    this.rollback();
    const old = this.#committed;
    this.#committed = version;
    disposeWhatOnly(old, version);
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

/** Disposes of the tensors of `gone` that none of `kept` shares. */
function disposeWhatOnly(gone: Version, ...kept: readonly Version[]): void {
  const keep = new Set(kept.flatMap(tensorsOf));
  for (const tensor of tensorsOf(gone)) if (!keep.has(tensor)) tensor.dispose();
}
