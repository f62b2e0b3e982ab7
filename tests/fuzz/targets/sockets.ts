/** Bytes on real connections: to the exchange of a discriminator, and to a coordinator in a process of its own. */
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExchangeServer } from '../../../worker/network/exchange-server.js';
import { residentBytes } from '../../support/machine/processes.js';
import { addressOf, coordinator } from '../../support/runs/run.js';
import { joinByHand } from '../../support/wire/control-peer.js';
import { message, rawCall } from '../../support/wire/raw-grpc.js';
import { Finding } from '../meter.js';
import { mutated } from '../mutations.js';
import { type Outcomes, type Target, conclude, count } from '../target.js';
import { CODECS } from './messages.js';

const TOKEN = 'the-token-of-this-run';
const MIB = 2 ** 20;
/** Of a process, over all inputs: grpc-js keeps windows and closed sessions for a while. */
const MOST_GROWTH = 256 * MIB;
/** gRPC's status codes that a server of ours may end such a call with, by number. */
const STATUSES: ReadonlyMap<number, string> = new Map<number, string>([
  ...([
    [0, 'taken'],
    [3, 'INVALID_ARGUMENT'],
    [5, 'NOT_FOUND'],
    [6, 'ALREADY_EXISTS'],
    [8, 'RESOURCE_EXHAUSTED'],
  ] as const),
  ...([
    [9, 'FAILED_PRECONDITION'],
    [12, 'UNIMPLEMENTED'],
    [13, 'INTERNAL'],
    [15, 'DATA_LOSS'],
  ] as const),
]);

const codecOf = (name: string) => {
  const found = CODECS.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};
const [worker, chunk, load, frame] = ['WorkerMessage', 'StateChunk', 'LoadStateRequest', 'TensorFrame'].map(
  codecOf,
) as [(typeof CODECS)[number], (typeof CODECS)[number], (typeof CODECS)[number], (typeof CODECS)[number]];
const CALLS = [
  { path: '/duet.v1.Exchange/Exchange', seeds: frame.seeds },
  // Without Join: who joins is a worker, and would get a role.
  { path: '/duet.v1.Coordination/Control', seeds: worker.seeds.slice(1) },
  { path: '/duet.v1.Coordination/SaveState', seeds: chunk.seeds },
  { path: '/duet.v1.Coordination/LoadState', seeds: load.seeds },
] as const;

/** A few messages, the prefix of which may lie too. */
const framed = (seeds: readonly Uint8Array[]) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .array(mutated(seeds), { minLength: 1, maxLength: 3 })
        .map((all) => Buffer.concat(all.map((each) => message(each)))),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(mutated(seeds), fc.nat(2 ** 32 - 1)).map(([bytes, claimed]) => message(bytes, { claimed })),
    },
    { weight: 1, arbitrary: mutated(seeds).map((bytes) => message(bytes, { compressed: true })) },
    { weight: 1, arbitrary: mutated(seeds) },
  );
const inputs = fc
  .oneof(...CALLS.map(({ path, seeds }) => fc.record({ path: fc.constant(path), body: framed(seeds) })))
  .filter(({ path, body }) => !joins(path, body));

/** True when the first message is one that a coordinator must take: mutation can make a Join. */
function joins(path: string, body: Buffer): boolean {
  if (!path.endsWith('/Control') || body.length < 5) return false;
  try {
    return 'join' in worker.decode(body.subarray(5, 5 + body.readUInt32BE(1)));
  } catch {
    return false;
  }
}

export const sockets: Target = {
  name: 'sockets',
  share: 0.002,
  async fuzz({ runs, seed }) {
    const outcomes: Outcomes = new Map();
    const out = join(mkdtempSync(join(tmpdir(), 'duet-fuzz-')), 'run');
    const args = ['--placement', 'external', '--data', 'ring8', '--steps', '3', '--batch', '8', '--width', '0.25'];
    await using run = coordinator(['start', '--port', '0', '--out', out, ...args]);
    await using exchange = await ExchangeServer.open({
      host: '127.0.0.1',
      token: TOKEN,
      epoch: 2,
      step: 7,
      generators: 1,
      shape: [16, 4],
      gradientShape: [16, 4],
      dtype: 'float32',
      exchanged: () => {},
      received: () => {},
    });
    const address = await addressOf(out);
    const tokenFile = join(out, 'token');
    const token = readFileSync(tokenFile, 'utf8');
    const pids = [process.pid, run.child.pid ?? 0];
    const before = pids.map(residentBytes);
    const property = fc.asyncProperty(inputs, async ({ path, body }) => {
      const isExchange = path.startsWith('/duet.v1.Exchange');
      const headers = {
        authorization: `Bearer ${isExchange ? TOKEN : token}`,
        'duet-epoch': '2',
        'duet-generator': '1',
      };
      const { code, details } = await rawCall(isExchange ? exchange.address : address, path, headers, body, {
        ends: true,
      });
      const status = STATUSES.get(code);
      if (status === undefined) throw new Finding(`${path} ended with status ${code}: ${details}`);
      count(outcomes, status === 'taken' ? status : `status ${status}`);
    });
    conclude('sockets', await fc.check(property, { numRuns: runs, seed }));
    for (const [i, pid] of pids.entries()) {
      const grown = residentBytes(pid) - (before[i] ?? 0);
      if (!(grown < MOST_GROWTH)) throw new Finding(`process ${i} has grown by ${grown} bytes`);
    }
    // After all this the run is as good as new.
    using _first = joinByHand(address, tokenFile);
    using _second = joinByHand(address, tokenFile);
    using _third = joinByHand(address, tokenFile);
    const { code, stderr } = await run.ended;
    if (code !== 0) throw new Finding(`the run that all this was sent to ended with code ${code}: ${stderr}`);
    rmSync(join(out, '..'), { recursive: true, force: true });
    return outcomes;
  },
};
