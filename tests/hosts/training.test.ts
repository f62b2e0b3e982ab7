/** A run over four hosts: a coordinator and three workers, each in a network namespace of its own. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, lastEvents, startCluster } from '../support/hosts/cluster.js';
import { type Hosts, makeHosts, whyNoDelay, whyNoHosts } from '../support/hosts/hosts.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { TINY } from '../support/runs/faults.js';
import { ROLES, readCheckpoint, readJournal, startRun, until } from '../support/runs/run.js';

const STEPS = 300;
const OPTIONS = [...TINY, '--evaluate-every', '0'];
/** How long a fault lasts. */
const FAULT_MS = 5000;

const only = { skip: whyNoHosts() };
const scratch = scratchFolder();
after(() => scratch[Symbol.asyncDispose]());

let undisturbed: Promise<string> | undefined;

/** Directory of the run that nothing happens to, on one machine. */
function localRun(): Promise<string> {
  undisturbed ??= (async () => {
    const out = join(scratch.path, 'local');
    const { code, stderr } = await startRun(out, '--steps', String(STEPS), ...OPTIONS);
    assert.equal(code, 0, stderr);
    return out;
  })();
  return undisturbed;
}

/** Trains over the hosts; `disturb` is called when the run is under way. The bits must be those of the local run. */
async function train(
  name: string,
  disturb: (hosts: Hosts, cluster: Cluster, committed: () => number) => Promise<void>,
  ...flags: string[]
): Promise<Cluster> {
  const whole = await localRun();
  const out = join(scratch.path, name);
  using hosts = makeHosts(5);
  const cluster = await startCluster(hosts, 3, out, ['--steps', String(STEPS), ...OPTIONS, ...flags]);
  const committed = () => readJournal(out, 'metrics.jsonl').length;
  await until('steps', () => committed() >= 20);
  await disturb(hosts, cluster, committed);
  const { code, stderr } = await cluster.ended;
  assert.equal(code, 0, `${stderr}\n${lastEvents(out)}`);
  for (const role of ROLES) {
    assert.ok(readCheckpoint(out, STEPS, role).equals(readCheckpoint(whole, STEPS, role)), role);
  }
  return cluster;
}

/** Nothing is committed while it lasts, but for what was on its way. */
async function assertHalts(committed: () => number): Promise<void> {
  const before = committed();
  await sleep(FAULT_MS);
  assert.ok(committed() <= before + 2, `${committed() - before} steps were committed meanwhile`);
}

test('a run over four hosts ends with the bits of a local one', only, async () => {
  await train('hosts', async () => {});
});

test(
  'a generator and the discriminator parted for 5 s: the run halts, goes on, and ends with the same bits',
  only,
  async () => {
    await train('parted', async (hosts, cluster, committed) => {
      const [one, other] = [await cluster.hostOf('generator-1'), await cluster.hostOf('discriminator')];
      hosts.part(one, other);
      await assertHalts(committed);
      hosts.join(one, other);
    });
  },
);

test('the discriminator and the coordinator parted for 5 s: likewise', only, async () => {
  await train('parted-from-coordinator', async (hosts, cluster, committed) => {
    const host = await cluster.hostOf('discriminator');
    hosts.part(0, host);
    await assertHalts(committed);
    hosts.join(0, host);
  });
});

test('the cable of a generator pulled for 5 s: likewise', only, async () => {
  await train('cut', async (hosts, cluster, committed) => {
    const link = hosts.link(await cluster.hostOf('generator-2'));
    link.cut();
    await assertHalts(committed);
    link.heal();
  });
});

test('a link of 2 Mbit/s for 5 s is no fault: the run is slow, nobody is lost', only, async () => {
  const { events } = await train('slow', async (hosts, cluster, committed) => {
    const link = hosts.link(await cluster.hostOf('discriminator'));
    const before = committed();
    link.slow(2000);
    await sleep(FAULT_MS);
    link.heal();
    assert.ok(committed() > before, 'it goes on meanwhile');
  });
  assert.ok(!events().some(({ event }) => event === 'worker-lost' || event === 'step-called-off'));
});

test('a link with a delay of 200 ms is no fault either', { skip: whyNoDelay() }, async () => {
  const { events } = await train('delayed', async (hosts, cluster, committed) => {
    const link = hosts.link(await cluster.hostOf('generator-1'));
    const before = committed();
    link.delay(200);
    await until('steps', () => committed() >= before + 5);
    link.heal();
  });
  assert.ok(!events().some(({ event }) => event === 'worker-lost' || event === 'step-called-off'));
});

test(
  'a host that vanishes for good is replaced by a worker on another one, and the bits are the same',
  only,
  async () => {
    const flags = ['--heartbeat-deadline', '3'];
    const { events } = await train(
      'vanished',
      async (hosts, cluster) => {
        hosts.link(await cluster.hostOf('generator-1')).silence();
        cluster.addWorker(4);
        await until('the recovery', () => cluster.events().some(({ event }) => event === 'recovered'));
      },
      ...flags,
    );
    const lost = events().find((event) => event.event === 'worker-lost');
    assert.ok(lost?.event === 'worker-lost' && lost.role === 'generator-1', JSON.stringify(lost));
  },
);
