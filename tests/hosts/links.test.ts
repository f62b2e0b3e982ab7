/** The hosts of tests/support/hosts/hosts.ts do what the tests of faults rely on: plain TCP shows it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Hosts, makeHosts, whyNoDelay, whyNoHosts } from '../support/hosts/hosts.js';
import { until } from '../support/runs/run.js';

const PEER = fileURLToPath(new URL('../support/hosts/tcp-peer.js', import.meta.url));
/** Long enough for anything that is going to pass, on a loaded machine, to have passed. */
const LONG_MS = 1500;

/** A process in a host whose lines can be read, and that can be told lines. */
function peer(hosts: Hosts, host: number, ...args: string[]) {
  const child = hosts.exec(host, [process.execPath, PEER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  return {
    lines,
    say: (line: string) => void child.stdin?.write(`${line}\n`),
    ready: () => until('a peer', () => lines.includes('ready')),
    heard: (line: string) => until(`'${line}' to come back`, () => lines.includes(line)),
  };
}

/** Host 0 listens, every other one has a connection to it. */
async function connected(hosts: Hosts, count: number) {
  await peer(hosts, 0, 'listen').ready();
  const peers = Array.from({ length: count - 1 }, (_, i) => peer(hosts, i + 1, 'ask', hosts.addressOf(0)));
  await Promise.all(peers.map((each) => each.ready()));
  return peers;
}

async function roundTrip(each: ReturnType<typeof peer>, line: string): Promise<number> {
  const since = performance.now();
  each.say(line);
  await each.heard(line);
  return performance.now() - since;
}

test(
  'a cut link and a silent one let nothing pass, the others do, and healed what was sent meanwhile arrives',
  { skip: whyNoHosts() },
  async () => {
    using hosts = makeHosts(3);
    const [one, other] = await connected(hosts, 3);
    assert.ok(one && other);
    for (const fault of ['cut', 'silence'] as const) {
      await roundTrip(one, `before ${fault}`);
      hosts.link(1)[fault]();
      one.say(`through ${fault}`);
      await roundTrip(other, `beside ${fault}`);
      await sleep(LONG_MS);
      assert.ok(!one.lines.includes(`through ${fault}`));
      hosts.link(1).heal();
      await one.heard(`through ${fault}`);
    }
    assert.ok(
      ![...one.lines, ...other.lines].some((line) => line.startsWith('error')),
      'the connections have lived through it',
    );
  },
);

test('two hosts are parted from each other and from nobody else', { skip: whyNoHosts() }, async () => {
  using hosts = makeHosts(3);
  const [one, other] = await connected(hosts, 3);
  assert.ok(one && other);
  hosts.part(0, 1);
  one.say('through');
  await roundTrip(other, 'beside');
  const third = peer(hosts, 1, 'ask', hosts.addressOf(0));
  await peer(hosts, 2, 'listen').ready();
  await peer(hosts, 1, 'ask', hosts.addressOf(2)).ready();
  await sleep(LONG_MS);
  assert.deepEqual([one.lines, third.lines], [['ready'], []]);
  hosts.join(0, 1);
  await one.heard('through');
  await third.ready();
  assert.ok(![...one.lines, ...third.lines].some((line) => line.startsWith('error')));
});

test('a slow link takes the time that its rate gives', { skip: whyNoHosts() }, async () => {
  using hosts = makeHosts(2);
  const [one] = await connected(hosts, 2);
  assert.ok(one);
  hosts.link(1).slow(800, 10_000);
  const bytes = 50_000;
  const milliseconds = await roundTrip(one, 'x'.repeat(bytes));
  // There and back at 100 bytes a millisecond, at the same time but for what a token bucket lets pass at once.
  assert.ok(milliseconds > 300, `${milliseconds} ms`);
});

test('a delayed link takes that long each way', { skip: whyNoDelay() }, async () => {
  using hosts = makeHosts(2);
  const [one] = await connected(hosts, 2);
  assert.ok(one);
  hosts.link(1).delay(150);
  const milliseconds = await roundTrip(one, 'slowly');
  assert.ok(milliseconds >= 300, `${milliseconds} ms`);
  hosts.link(1).heal();
  await roundTrip(one, 'as before');
});

test('nothing is left of hosts that are gone', { skip: whyNoHosts() }, () => {
  const list = () => spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
  const own = `duet-${process.pid}-`;
  {
    using hosts = makeHosts(2);
    assert.ok(list().includes(own));
    hosts.link(0).cut();
  }
  assert.ok(!list().includes(own));
});
