/** What one input did to the reader that it was fed to: the outcome, and that it kept within its bounds. */
import { DuetError, RefusedError } from '../../common/errors.js';

const MIB = 2 ** 20;
/** Processor time that an input of any kind may take unless it says otherwise, seconds; of this process, so that a busy machine does not matter. */
const MOST_SECONDS = 2;
/** A refusal travels as a line of a log or of a gRPC trailer. */
const LONGEST_MESSAGE = 2000;
/** Of objects: a parsed text takes many times its bytes, and what the engine does meanwhile counts, too. */
const heapAllowance = (bytes: number) => 32 * MIB + 200 * bytes;

/** An input that was not answered as it must be: with what it stands for, or with a typed error, within its bounds. */
export class Finding extends Error {}

export interface Reading {
  /** Takes the input, or throws. */
  read(): void;
  /** What an error that is no DuetError stands for, where such a one has its place; undefined: it has none. */
  known?(error: unknown): string | undefined;
  /** Bytes of the input. */
  bytes: number;
  /** Bytes of array buffers that reading it may take. */
  allowance: number;
  /** Processor time that it may take, seconds. */
  mostSeconds?: number;
}

/** @returns taken, or the class of the error @throws Finding */
export function meter({ read, known, bytes, allowance, mostSeconds = MOST_SECONDS }: Reading): string {
  const before = process.memoryUsage();
  const cpu = process.cpuUsage();
  let outcome: string;
  try {
    read();
    outcome = 'taken';
  } catch (error) {
    outcome = nameOf(error, known);
  }
  const { user, system } = process.cpuUsage(cpu);
  const after = process.memoryUsage();
  const arrays = after.arrayBuffers - before.arrayBuffers;
  if (arrays > allowance) throw new Finding(`${arrays} bytes of arrays for an input of ${bytes}, ${allowance} allowed`);
  const heap = after.heapUsed - before.heapUsed;
  if (heap > heapAllowance(bytes)) throw new Finding(`${heap} bytes of objects for an input of ${bytes}`);
  const seconds = (user + system) / 1e6;
  if (seconds > mostSeconds) throw new Finding(`${seconds} s for an input of ${bytes} bytes`);
  if (Object.keys(Object.prototype).length > 0) throw new Finding('the input changed the prototype of all objects');
  return outcome;
}

function nameOf(error: unknown, known: Reading['known']): string {
  if (error instanceof Finding) throw error;
  if (error instanceof DuetError) {
    if (error.message.length > LONGEST_MESSAGE)
      throw new Finding(`a message of ${error.message.length} characters: ${error.message.slice(0, 200)}`);
    return error instanceof RefusedError ? `${error.name} ${error.status}` : error.name;
  }
  const name = known?.(error);
  if (name !== undefined) return name;
  throw new Finding(`no typed error: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
}
