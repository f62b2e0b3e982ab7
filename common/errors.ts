/**
 * Every error of Duet. A message says what was wrong, with which value, and what to do about it;
 * the class says who has to act. The command line turns `exitCode` into the process's exit code.
 */
export class DuetError extends Error {
  /** 1: the work failed. 2: the request was wrong. */
  readonly exitCode: 1 | 2 = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The user asked for something that cannot be: a flag, a config value, a data set, a directory. Exit code 2. */
export class UsageError extends DuetError {
  override readonly exitCode = 2;
}

/** The native engine cannot be prepared or loaded; the message names what is missing and the cure. */
export class EngineError extends DuetError {}

/** A number that training produced is not finite: the step cannot be committed. */
export class FaultyStepError extends DuetError {}

/** The step in progress was called off (shutdown, a lost peer); its tensors are dropped, the process goes on. */
export class StepAbortedError extends DuetError {}

/** A run ended without reaching its last step: a lost worker, a faulty step, a full disk. */
export class RunFailedError extends DuetError {}

/** Another coordinator drives the run now: this one must not write another byte of it. */
export class LeaseLostError extends DuetError {}

/** The gRPC status names that a refusal may carry. */
export type RefusalStatus =
  | 'INVALID_ARGUMENT'
  | 'FAILED_PRECONDITION'
  | 'UNAUTHENTICATED'
  | 'ALREADY_EXISTS'
  | 'RESOURCE_EXHAUSTED'
  | 'DATA_LOSS'
  | 'NOT_FOUND';

/** A message from the network was refused; the sender gets `status` and the message, the run goes on. */
export class RefusedError extends DuetError {
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A sentence without its full stop, to go on with. */
export function openEnded(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
