/** Asks Pods from where a node would: a process in the bridge's namespace, told what to ask over its channel. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Question {
  kind: 'http' | 'tcp';
  host: string;
  port: number;
  /** For http. */
  path: string;
  timeoutMs: number;
}

export interface Answer {
  /** Of HTTP, or 0 where nothing but a connection was asked for. */
  status: number;
  body: string;
  /** Why there is none. */
  error?: string;
}

export interface Prober extends AsyncDisposable {
  ask(question: Question): Promise<Answer>;
}

export function startProber(namespace: string): Prober {
  const program = fileURLToPath(new URL('./prober-process.js', import.meta.url));
  const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace, process.execPath, program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let asked = 0;
  child.on('message', ({ id, answer }: { id: number; answer: Answer }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return {
    ask: (question) =>
      new Promise((resolve) => {
        asked += 1;
        if (!child.connected) return resolve({ status: 0, body: '', error: 'the prober has ended' });
        waiting.set(asked, resolve);
        child.send({ id: asked, question });
      }),
    async [Symbol.asyncDispose]() {
      for (const answer of waiting.values()) answer({ status: 0, body: '', error: 'the prober has ended' });
      waiting.clear();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
