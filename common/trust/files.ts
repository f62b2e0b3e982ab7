/** The files of mutual TLS as a command is given them: all three or none. */
import { UsageError } from '../errors.js';

/** Paths of PEM files. */
export interface TrustFiles {
  /** The process's certificate, and the intermediate ones up to the authority, if any. */
  cert: string;
  key: string;
  /** The authorities whose certificates are trusted; several while they are being changed. */
  ca: string;
}

/** Flags and settings, as commander and the config file name them. */
export interface TrustFlags {
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  tlsCa?: string | undefined;
}

/** @returns undefined: no TLS @throws UsageError when only a part of it is given */
export function trustFilesOf({ tlsCert: cert, tlsKey: key, tlsCa: ca }: TrustFlags): TrustFiles | undefined {
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert !== undefined && key !== undefined && ca !== undefined) return { cert, key, ca };
  const missing = Object.entries({ '--tls-cert': cert, '--tls-key': key, '--tls-ca': ca })
    .filter(([, file]) => file === undefined)
    .map(([flag]) => flag);
  throw new UsageError(
    `mutual TLS needs --tls-cert, --tls-key and --tls-ca together: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
  );
}

/** The same as flags, for a process that is started with them. */
export function trustArgs(files: TrustFiles | undefined): string[] {
  return files === undefined ? [] : ['--tls-cert', files.cert, '--tls-key', files.key, '--tls-ca', files.ca];
}

/** For a command's help, with what it is for. */
export const TRUST_OPTIONS = [
  [
    '--tls-cert <file>',
    'PEM certificate of this process: mutual TLS on every gRPC connection, and with NATS (docs/security.md)',
  ],
  ['--tls-key <file>', 'its PEM key'],
  [
    '--tls-ca <file>',
    'PEM certificates of the authorities that the others must be of; all three are read again when they change',
  ],
] as const;
