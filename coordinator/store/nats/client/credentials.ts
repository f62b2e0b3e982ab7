/** Who this is to NATS: one file, read anew for every connection. */
import { readFileSync } from 'node:fs';
import {
  type Auth,
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { UsageError, messageOf } from '../../../../common/errors.js';

const SEED = /^SU[A-Z2-7]{56}$/m;

/** @throws UsageError when the file cannot be read, or holds none */
export function credentialsOf(file: string): Authenticator {
  let known = parse(file, read(file));
  return (nonce?: string): Auth => {
    try {
      known = parse(file, read(file));
    } catch {
      // It is being replaced: those of before must do.
    }
    return known(nonce);
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--store-credentials ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** A .creds file, the seed of an nkey, USER:PASSWORD, or a token. */
function parse(file: string, text: string): Authenticator {
  const bytes = new TextEncoder().encode(text);
  if (text.includes('BEGIN NATS USER JWT')) return credsAuthenticator(bytes);
  const [seed] = SEED.exec(text) ?? [];
  if (seed !== undefined) return nkeyAuthenticator(new TextEncoder().encode(seed));
  if (text === '' || /\s/.test(text)) {
    throw new UsageError(
      `--store-credentials ${file} holds no credentials: it takes a .creds file, the seed of an nkey, USER:PASSWORD or a token`,
    );
  }
  const colon = text.indexOf(':');
  return colon < 0
    ? tokenAuthenticator(text)
    : usernamePasswordAuthenticator(text.slice(0, colon), text.slice(colon + 1));
}
