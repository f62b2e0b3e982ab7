/** A container's probes, as the kubelet asks them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, Probe } from '../api/objects.js';
import type { RunningContainer } from './container.js';
import type { Prober } from './prober.js';

export interface Probing {
  /** Passed its startup probe, or has none. */
  started: boolean;
  ready: boolean;
}

/**
 * Asks until the signal. The startup probe first and alone, then the other two.
 * @param onChange after each change of the state
 * @param onUnhealthy when the startup or liveness probe has failed often enough: with the reason
 */
export async function probe(
  container: Container,
  address: string,
  running: RunningContainer,
  prober: Prober,
  signal: AbortSignal,
  onChange: (state: Probing) => void,
  onUnhealthy: (why: string) => void,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const state: Probing = { started: startupProbe === undefined, ready: false };
  const set = (change: Partial<Probing>) => {
    if (signal.aborted) return;
    Object.assign(state, change);
    onChange({ ...state });
  };
  const ask = (asked: Probe) => answerTo(asked, container, address, running, prober);
  if (startupProbe) {
    const why = await new Promise<string>((resolve) => {
      void poll(startupProbe, ask, signal, (ok, reason) => {
        if (ok || reason !== undefined) resolve(reason ?? '');
        return !ok && reason === undefined;
      });
    });
    if (why !== '') return onUnhealthy(`startup probe failed: ${why}`);
  }
  set({ started: true, ready: readinessProbe === undefined });
  if (readinessProbe)
    void poll(readinessProbe, ask, signal, (ok, reason) => {
      // Between its thresholds it stays what it was.
      if ((ok || reason !== undefined) && ok !== state.ready) set({ ready: ok });
      return true;
    });
  if (livenessProbe)
    void poll(livenessProbe, ask, signal, (ok, reason) => {
      if (!ok && reason !== undefined) onUnhealthy(`liveness probe failed: ${reason}`);
      return ok || reason === undefined;
    });
}

/**
 * @param tell ok: so often in a row as the threshold says; not ok with a reason: likewise; not ok without: not yet.
 * It returns whether to go on.
 */
async function poll(
  asked: Probe,
  ask: (asked: Probe) => Promise<string | undefined>,
  signal: AbortSignal,
  tell: (ok: boolean, reason?: string) => boolean,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = asked;
  let [good, bad] = [0, 0];
  try {
    await sleep(initialDelaySeconds * 1000, undefined, { signal });
    for (;;) {
      const why = await ask(asked);
      if (signal.aborted) return;
      if (why === undefined) [good, bad] = [good + 1, 0];
      else [good, bad] = [0, bad + 1];
      if (good >= successThreshold && !tell(true)) return;
      if (why !== undefined && !tell(false, bad >= failureThreshold ? why : undefined)) return;
      await sleep(periodSeconds * 1000, undefined, { signal });
    }
  } catch {
    // the container has ended
  }
}

/** @returns why it failed */
async function answerTo(
  { httpGet, tcpSocket, exec, timeoutSeconds = 1 }: Probe,
  container: Container,
  address: string,
  running: RunningContainer,
  prober: Prober,
): Promise<string | undefined> {
  const timeoutMs = timeoutSeconds * 1000;
  if (exec) return running.exec(exec.command, timeoutMs) ? undefined : `${exec.command.join(' ')} failed`;
  const target = httpGet ?? tcpSocket;
  if (target === undefined) throw new Error('the stand-in for the kubelet asks by httpGet, tcpSocket and exec only');
  const port = portOf(container, target.port);
  const path = httpGet?.path ?? '/';
  const { status, error } = await prober.ask({ kind: httpGet ? 'http' : 'tcp', host: address, port, path, timeoutMs });
  if (error !== undefined) return error;
  return httpGet === undefined || (status >= 200 && status < 400) ? undefined : `HTTP status ${status}`;
}

/** By number or by the name that the container gives it. */
function portOf(container: Container, port: number | string): number {
  if (typeof port === 'number') return port;
  const found = container.ports?.find(({ name }) => name === port)?.containerPort;
  if (found === undefined) throw new Error(`${container.name} has no port named ${port}`);
  return found;
}
