import { DuetError, UsageError, messageOf } from '../../common/errors.js';

/** A failed write as a sentence: a full disk and a forbidden folder are for the user to mend. */
export function storageError(error: unknown, path: string): DuetError {
  if (error instanceof DuetError) return error;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UsageError(`the disk of ${path} is full: free some space, or choose another --out`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new UsageError(`${path} cannot be written (${messageOf(error)}): choose another --out`, { cause: error });
    default:
      return new DuetError(`cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}
