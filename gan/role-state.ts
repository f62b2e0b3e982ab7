/**
 * Everything a role must keep from step to step, in two versions: committed, and staged by the step in progress.
 * tfjs tensors are immutable, so staging copies nothing: commit drops the old tensors, rollback drops the new ones.
 */
import { type AdamOptions, type AdamState, adamUpdate } from './adam.js';
import { type Architecture, type ParameterSpec, parametersOf } from './architecture.js';
import { ADAM_EPSILON, type TrainingConfig } from './config.js';
import type { Engine, Tensor } from './engine/index.js';
import type { NamedArray } from './initialise.js';

interface Version {
  weights: Readonly<Record<string, Tensor>>;
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
  readonly #options: AdamOptions;
  #committed: Version;
  #staged: Version | undefined;

  constructor(engine: Engine, architecture: Architecture, config: TrainingConfig, initial: readonly NamedArray[]) {
    this.#engine = engine;
    this.#specs = parametersOf(architecture);
    this.#options = {
      learningRate: config.learningRate,
      beta1: config.beta1,
      beta2: config.beta2,
      epsilon: ADAM_EPSILON,
    };
    const zeros = (): Record<string, Tensor> =>
      Object.fromEntries(this.#trainable().map(({ name, shape }) => [name, engine.tf.zeros([...shape])]));
    this.#committed = {
      weights: this.#tensors(initial, ''),
      adam: { m: zeros(), v: zeros(), updates: 0 },
    };
  }

  /** The weights as of the last commit. */
  get committed(): Readonly<Record<string, Tensor>> {
    return this.#committed.weights;
  }

  /** The weights that the step in progress has staged, or the committed ones before it does. */
  get latest(): Readonly<Record<string, Tensor>> {
    return (this.#staged ?? this.#committed).weights;
  }

  /** The committed weights that the optimiser updates, by name. */
  get trainable(): Record<string, Tensor> {
    return Object.fromEntries(this.#trainable().map(({ name }) => [name, this.#committed.weights[name] as Tensor]));
  }

  /** Stages one update. Takes `moved` over, disposes of the gradients. */
  stage(gradients: Readonly<Record<string, Tensor>>, moved: Readonly<Record<string, Tensor>> = {}): void {
    this.rollback();
    const { weights, adam } = this.#committed;
    const update = adamUpdate(this.#engine, this.#options, weights, gradients, adam);
    this.#engine.tf.dispose(gradients);
    this.#staged = { weights: { ...weights, ...update.weights, ...moved }, adam: update.state };
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
    return {
      arrays: [...read('weights', weights), ...read('adam/m', adam.m), ...read('adam/v', adam.v)],
      updates: adam.updates,
    };
  }

  /** Replaces the whole state. @throws RangeError when an array is missing or of another shape; nothing is changed then */
  load(saved: RoleArrays): void {
    const version: Version = {
      weights: this.#tensors(saved.arrays, 'weights/'),
      adam: {
        m: this.#tensors(saved.arrays, 'adam/m/', true),
        v: this.#tensors(saved.arrays, 'adam/v/', true),
        updates: saved.updates,
      },
    };
    this.rollback();
    const old = this.#committed;
    this.#committed = version;
    disposeWhatOnly(old, version);
  }

  #trainable(): ParameterSpec[] {
    return this.#specs.filter((spec) => spec.trainable);
  }

  #tensors(arrays: readonly NamedArray[], prefix: string, trainableOnly = false): Record<string, Tensor> {
    const byName = new Map(arrays.map((array) => [array.name, array]));
    const specs = trainableOnly ? this.#trainable() : this.#specs;
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

function tensorsOf({ weights, adam }: Version): Tensor[] {
  return [weights, adam.m, adam.v].flatMap((tensors) => Object.values(tensors));
}

/** Disposes of the tensors of `gone` that `kept` does not share. */
function disposeWhatOnly(gone: Version, kept: Version): void {
  const keep = new Set(tensorsOf(kept));
  for (const tensor of tensorsOf(gone)) if (!keep.has(tensor)) tensor.dispose();
}
