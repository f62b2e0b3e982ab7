/** Asks a coordinator for a fault. */
import { type DuetError, RefusedError } from '../../common/errors.js';
import { callMetadata, coordinationClient, isUnreachable, rpcError } from '../../common/rpc.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import type { FaultInjected__Output } from '../../proto/generated/duet/v1/FaultInjected.js';
import type { Access } from './access.js';

/** How long a coordinator may take to answer when the fault is for now. */
const DEADLINE_MS = 10_000;

/**
 * Waits, with `atStep`, until that step begins.
 *
 * @throws RefusedError when the coordinator will not, DuetError when it cannot be reached
 */
export async function requestFault(access: Access, fault: Fault__Output): Promise<FaultInjected__Output> {
  const { address, token } = access.find();
  const client = coordinationClient(address, { trust: access.trust });
  const deadline = fault.atStep === 0 ? { deadline: Date.now() + DEADLINE_MS } : {};
  try {
    return await new Promise((resolve, reject) => {
      client.chaos(fault, callMetadata(token), deadline, (error, injected) => {
        if (error !== null) reject(rpcError(error, `the coordinator at ${address}`, client));
        else resolve(injected as FaultInjected__Output);
      });
    });
  } finally {
    client.close();
  }
}

/** The coordinator did not answer: it may be down, and come back. */
export function isDown(error: DuetError): boolean {
  return !(error instanceof RefusedError) && (isUnreachable(error.cause) || isOverdue(error.cause));
}

function isOverdue(error: unknown): boolean {
  const DEADLINE_EXCEEDED = 4;
  return (error as { code?: number } | undefined)?.code === DEADLINE_EXCEEDED;
}
