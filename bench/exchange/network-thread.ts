/** The network thread of one end: the product's exchange, and what worker/network/thread.ts does between it and the port. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { raise } from '../../worker/inbox.js';
import { type ToCompute, type ToNetwork, transferables } from '../../worker/messages.js';
import { ExchangeClient } from '../../worker/network/exchange-client.js';
import { ExchangeServer } from '../../worker/network/exchange-server.js';
import { EPOCH, type End } from './end.js';

export interface NetworkThreadData {
  end: End;
  port: MessagePort;
  counter: Int32Array<SharedArrayBuffer>;
}

const TOKEN = 'the-token-of-this-measurement';
const HOST = '127.0.0.1';

const { end, port, counter } = workerData as NetworkThreadData;
const [shape, { dtype }] = [[end.values], end];
const exchanged = () => {};

function tell(message: ToCompute): void {
  port.postMessage(message, transferables(message));
  raise(counter);
}

if (end.role === 'discriminator') {
  const server = await ExchangeServer.open({
    ...{ host: HOST, token: TOKEN, epoch: EPOCH, step: 1, generators: 1, shape, gradientShape: shape, dtype },
    received: tell,
    exchanged,
  });
  port.on('message', (message: ToNetwork) => {
    if (message.kind !== 'judgements') return;
    server.answer(message);
  });
  parentPort?.postMessage(server.address);
} else {
  const client = new ExchangeClient({
    ...{ address: end.address, token: TOKEN, epoch: EPOCH, generator: 1, shape, dtype },
    judged: tell,
    exchanged,
    ended: (kind, reason) => tell({ kind: 'ending', ending: { kind: 'lost', reason: `${kind}: ${reason}` } }),
  });
  port.on('message', (message: ToNetwork) => {
    if (message.kind !== 'fakes') return;
    client.send(message);
  });
  parentPort?.postMessage('');
}
