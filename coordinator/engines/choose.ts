/** Which engine a run's local workers get: the native one, or wasm where that cannot be prepared. */
import type { DeviceChoice, ENGINE_CHOICES, EngineChoice, EngineName } from '../../common/engine-choice.js';
import { EngineError, UsageError, openEnded } from '../../common/errors.js';
import { type NvidiaCard, chooseFlavour } from '../../gan/engine/cards.js';
import type { PreparedEngine } from '../../gan/engine/prepare/prepared.js';
import { prepareWithProgress, usableCards } from './prepare-with-progress.js';

export interface Asked {
  name: (typeof ENGINE_CHOICES)[number];
  device: DeviceChoice;
}

export interface Chosen {
  engine: EngineChoice;
  /** For the workers to share; empty: the CPU. */
  cards: readonly NvidiaCard[];
  /** Of the native engine. */
  prepared?: PreparedEngine;
  /** Why it is not the native one, though that was preferred. */
  fallback?: string;
}

/** pip's patience where there is another engine: a start must not wait for a package index that does not answer. */
const IMPATIENT = { PIP_RETRIES: '0', PIP_DEFAULT_TIMEOUT: '8' };

/**
 * tensorflow, or a card: that or an error. auto: wasm where the native engine cannot be prepared.
 *
 * @throws UsageError when a card is demanded in vain, or of wasm
 * @throws EngineError when tensorflow is asked for and cannot be prepared
 */
export async function chooseEngine({ name, device }: Asked): Promise<Chosen> {
  if (name === 'wasm') return { engine: wasmOn(device), cards: [] };
  const cards = await usableCards(device);
  const flavour = chooseFlavour(device, cards.length);
  const engine: EngineChoice = { name: 'tensorflow', device };
  if (name === 'tensorflow' || device === 'cuda')
    return { engine, cards, prepared: await prepareWithProgress(flavour) };
  try {
    return { engine, cards, prepared: await prepareWithProgress(flavour, { env: { ...IMPATIENT, ...process.env } }) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { engine: wasmOn('cpu'), cards: [], fallback: error.message };
  }
}

/** Where nothing is prepared: workers that join by themselves may be on machines that the coordinator knows nothing of. */
export function withoutPreparing({ name, device }: Asked): Chosen {
  return { engine: name === 'wasm' ? wasmOn(device) : { name: 'tensorflow', device }, cards: [] };
}

/** Of a run that is there: never another one. @throws EngineError that says how to go on with the other one */
export async function sameEngine({ name, device }: EngineChoice): Promise<Chosen> {
  try {
    return await chooseEngine({ name, device });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(
      `this run is computed by the native engine. ${openEnded(error.message)}. Or go on with other bits: --engine wasm --accept-changes`,
      { cause: error },
    );
  }
}

/** Threads that an op may use; wasm has one. @throws UsageError when more are asked for */
export function assertThreads(name: EngineName, threads: number | undefined): void {
  if (name === 'wasm' && threads !== undefined && threads > 1) {
    throw new UsageError(
      `--threads ${threads} is for the native engine, the wasm engine computes with one thread: leave it away, or use --engine tensorflow`,
    );
  }
}

function wasmOn(device: DeviceChoice): EngineChoice {
  if (device === 'cuda') {
    throw new UsageError(
      'the wasm engine computes on the CPU, not on a card: leave --device cuda away, or use --engine tensorflow',
    );
  }
  return { name: 'wasm', device: 'cpu' };
}
