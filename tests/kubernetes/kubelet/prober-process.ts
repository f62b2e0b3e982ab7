/** The process of prober.ts. */
import { get } from 'node:http';
import { connect } from 'node:net';
import type { Answer, Question } from './prober.js';

function ask({ kind, host, port, path, timeoutMs }: Question): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ status: 0, body: '', error: error.message });
    const late = new Error(`no answer within ${timeoutMs} ms`);
    if (kind === 'tcp') {
      const socket = connect({ host, port, timeout: timeoutMs }, () => {
        socket.destroy();
        resolve({ status: 0, body: '' });
      });
      socket.on('error', fail).on('timeout', () => socket.destroy(late));
      return;
    }
    const request = get({ host, port, path, agent: false, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', fail);
    });
    request.on('error', fail).on('timeout', () => request.destroy(late));
  });
}

process.on('message', ({ id, question }: { id: number; question: Question }) => {
  void ask(question).then((answer) => process.connected && process.send?.({ id, answer }));
});
process.on('disconnect', () => process.exit());
