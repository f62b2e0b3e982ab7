/** An engine for a command's own work: drawing, exporting, measuring. One thread of the CPU, wherever the run was trained. */
import type { EngineName } from '../../common/engine-choice.js';
import { EngineError } from '../../common/errors.js';
import { type Engine, loadEngine } from '../../gan/engine/index.js';
import { findPreparedEngine } from '../../gan/engine/prepare/index.js';
import type { PreparedEngine } from '../../gan/engine/prepare/prepared.js';
import { chooseEngine } from './choose.js';
import { explainFallback } from './fallback.js';

/** For what takes seconds: the native engine if it is there, else wasm. Nothing is prepared for it. */
export async function engineAtHand(): Promise<Engine> {
  const prepared = findAnyPrepared();
  return prepared === undefined ? await loadEngine({ name: 'wasm' }) : await loadNative(prepared);
}

/** For what takes minutes: the native engine, prepared if need be, or wasm where that cannot be, with a line that says so. */
export async function bestEngine(): Promise<Engine> {
  const { prepared, fallback } = await chooseEngine({ name: 'auto', device: 'cpu' });
  if (prepared !== undefined) return await loadNative(prepared);
  if (fallback !== undefined) process.stderr.write(`${await explainFallback(fallback)}\n`);
  return await loadEngine({ name: 'wasm' });
}

/** The run's own; undefined when that is the native one, and is not prepared here. */
export async function findEngineOf(name: EngineName): Promise<Engine | undefined> {
  if (name === 'wasm') return await loadEngine({ name });
  const prepared = findAnyPrepared();
  return prepared === undefined ? undefined : await loadNative(prepared);
}

/** Likewise. @throws EngineError when it is not there */
export async function engineOf(name: EngineName): Promise<Engine> {
  const engine = await findEngineOf(name);
  if (engine !== undefined) return engine;
  throw new EngineError("the native engine is not prepared on the coordinator's machine: npx coordinator engine");
}

function findAnyPrepared(): PreparedEngine | undefined {
  const { env } = process;
  return findPreparedEngine({ flavour: 'cpu', env }) ?? findPreparedEngine({ flavour: 'cuda', env });
}

function loadNative(prepared: PreparedEngine): Promise<Engine> {
  return loadEngine({ name: 'tensorflow', prepared, threads: 1, device: 'cpu', quiet: true });
}
