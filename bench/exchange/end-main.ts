/**
 * One end of a measured exchange, a process with two threads as a worker's: this one stands for the compute thread. The
 * discriminator sends back what it gets, the generator compares it with what it sent.
 */
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { fromWire, toWire } from '../../common/tensors/wire-values.js';
import { Inbox } from '../../worker/inbox.js';
import { EPOCH, type End, type Report } from './end.js';
import type { NetworkThreadData } from './network-thread.js';

const end = JSON.parse(process.argv[2] ?? '') as End;
const { dtype } = end;
const { port1, port2 } = new MessageChannel();
const counter = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const workerData: NetworkThreadData = { end, port: port2, counter };
const thread = new Worker(new URL('./network-thread.js', import.meta.url), { workerData, transferList: [port2] });
const [address] = (await once(thread, 'message')) as [string];
const inbox = new Inbox(port1, counter);
if (end.role === 'discriminator') say({ kind: 'listening', address });

const wire = (values: Float32Array) => toWire(values, dtype, 'the tensor');
// Values that all types can hold, so that the whole way must keep their bits.
const values = fromWire(wire(Float32Array.from({ length: end.values }, (_, i) => Math.sin(i))), dtype);
const sent = Buffer.from(values.buffer);
const times: number[] = [];
let before = process.cpuUsage();
for (let step = 1; step <= end.warmUp + end.rounds; step += 1) {
  if (step === end.warmUp + 1) before = process.cpuUsage();
  const milliseconds = end.role === 'generator' ? ask(step) : answer(step);
  if (step > end.warmUp) times.push(milliseconds);
}
const { user, system } = process.cpuUsage(before);
say({ kind: 'done', times, processorMs: (user + system) / 1000 });
// The last answer is still on its way through the network thread; whoever started this process ends it.
setInterval(() => {}, 1000);

function ask(step: number): number {
  const data = values.slice();
  const began = performance.now();
  inbox.send({ kind: 'fakes', epoch: EPOCH, step, shape: [end.values], data: wire(data) });
  const gradient = fromWire(inbox.take('judgement', (message) => message.step === step).gradient, dtype);
  const milliseconds = performance.now() - began;
  if (!sent.equals(Buffer.from(gradient.buffer, gradient.byteOffset, gradient.byteLength))) {
    throw new Error(`round trip ${step} changed the tensor`);
  }
  return milliseconds;
}

function answer(step: number): number {
  const began = performance.now();
  const fakes = fromWire(inbox.take('fakes', (message) => message.step === step).data, dtype);
  const judgements = [{ loss: 0, plainLoss: 0, gradient: wire(fakes) }];
  inbox.send({ kind: 'judgements', epoch: EPOCH, step, judgements });
  return performance.now() - began;
}

function say(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
