/**
 * Mutual TLS of one process: its identity as it is now, read anew when its files change. Kubernetes swaps the folder that
 * they are linked into and cert-manager renews what is in it, so it is the contents that are compared.
 */
import { type SecureContext, type SecureContextOptions, createSecureContext } from 'node:tls';
import { messageOf } from '../errors.js';
import type { TrustFiles } from './files.js';
import {
  type Demands,
  type Identity,
  type Pem,
  dateOf,
  identityOf,
  nameOf,
  readPem,
  untimelinessOf,
} from './identity.js';

/** How often the files are looked at. */
const LOOK_MS = 2000;

/** Told of a change: that new files are used now, or why those that are there are not. */
export type TrustListener = (kind: 'renewed' | 'not-renewed' | 'expired', text: string) => void;

export class Trust implements Disposable {
  readonly files: TrustFiles;
  readonly #demands: Demands;
  readonly #listeners = new Set<() => void>();
  #identity: Identity;
  #context: SecureContext;
  #timer: NodeJS.Timeout | undefined;
  /** What is wrong with files that are not taken: at this look, and what was told of. */
  #wrong = '';
  #told = '';
  #toldExpired = false;

  private constructor(files: TrustFiles, demands: Demands, identity: Identity) {
    this.files = files;
    this.#demands = demands;
    this.#identity = identity;
    this.#context = createSecureContext(optionsOf(identity));
  }

  /** @throws UsageError when the files cannot be used */
  static open(files: TrustFiles, demands: Demands): Trust {
    return new Trust(files, demands, identityOf(files, readPem(files), demands));
  }

  /** For a connection that is opened now. */
  get context(): SecureContext {
    return this.#context;
  }

  /** The same, for a server. */
  get contextOptions(): SecureContextOptions {
    return optionsOf(this.#identity);
  }

  /** Why others refuse this process by now; undefined: they do not. */
  get untimely(): string | undefined {
    const { certificate } = this.#identity;
    const reason = untimelinessOf(certificate, Date.now());
    return reason === undefined ? undefined : `the certificate of --tls-cert ${this.files.cert} ${reason}`;
  }

  /** Called after each change. @returns what ends that */
  onRenewed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** From now on the files are looked at. @param lookMs for tests */
  watch(told: TrustListener, lookMs = LOOK_MS): this {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(told), lookMs).unref();
    return this;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(told: TrustListener): void {
    let identity: Identity;
    try {
      const pem = readPem(this.files);
      if (isSame(pem, this.#identity) && this.untimely === undefined) {
        this.#wrong = '';
        this.#told = '';
        return;
      }
      identity = identityOf(this.files, pem, this.#demands);
    } catch (error) {
      this.#notTaken(messageOf(error), told);
      return;
    }
    this.#wrong = '';
    this.#told = '';
    this.#toldExpired = false;
    this.#context = createSecureContext(optionsOf(identity));
    this.#identity = identity;
    for (const listener of this.#listeners) listener();
    const { certificate } = identity;
    told(
      'renewed',
      `new TLS files are used from now on: ${nameOf(certificate)}, valid until ${dateOf(certificate.validTo)}`,
    );
  }

  /** Files that are being replaced may not fit together for a moment: only what lasts is told, once. */
  #notTaken(reason: string, told: TrustListener): void {
    const lasts = reason === this.#wrong;
    this.#wrong = reason;
    const { untimely } = this;
    if (untimely !== undefined && !this.#toldExpired) {
      this.#toldExpired = true;
      this.#told = reason;
      return told('expired', `${untimely}; others refuse this process until the file is replaced`);
    }
    if (!lasts || reason === this.#told) return;
    this.#told = reason;
    told('not-renewed', `the TLS files have changed and are not used: ${reason}`);
  }
}

/** Every peer is of this version: there is no older one to talk to. */
function optionsOf({ cert, key, ca }: Identity): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.3' };
}

function isSame(one: Pem, other: Pem): boolean {
  return one.cert.equals(other.cert) && one.key.equals(other.key) && one.ca.equals(other.ca);
}
