import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import type { Access } from '../../../coordinator/chaos/access.js';
import { type ChaosFlags, readRequest } from '../../../coordinator/cli/chaos-request.js';

const ACCESS: Access = {
  name: 'runs/ID',
  find: () => ({ address: '', token: '' }),
  ended: () => undefined,
  roles: ['discriminator', 'generator-1', 'generator-2'],
  steps: 10,
};
/** Reached by address: how many steps and generators it has is not known here. */
const ELSEWHERE: Access = { ...ACCESS, steps: undefined };

const REFUSED: [flags: ChaosFlags, reason: RegExp][] = [
  [{}, /say which fault: --fault KIND \(kill, stop, .*--every SECONDS/],
  [{ fault: 'kill', every: '5' }, /--fault makes one fault and --every many/],
  [{ fault: 'kil' }, /--fault kil: no such fault \(did you mean 'kill'\?\)/],
  [{ every: '5', faults: 'kill,stob' }, /--faults stob: no such fault \(did you mean 'stop'\?\)/],
  [{ fault: 'kill', role: 'generator1' }, /no role 'generator1' .*did you mean 'generator-1'/],
  [{ fault: 'kill', role: 'generator-3' }, /no role 'generator-3'/],
  [{ every: '5', role: 'generator-3' }, /no role 'generator-3'/],
  [{ fault: 'coordinator-kill', role: 'generator-1' }, /coordinator-kill is of no role: leave --role away/],
  [{ every: '5', faults: 'corrupt-checkpoint', role: 'generator-1' }, /of no role, leave --role away/],
  [{ fault: 'partition', role: 'generator-1' }, /between two processes: add --peer coordinator/],
  [{ fault: 'partition', role: 'generator-1', peer: 'generator-2' }, /generator-1 has no connection to 'generator-2'/],
  [{ fault: 'partition', peer: 'coordinatr' }, /no role has a connection to 'coordinatr' \(did you mean 'coordinator'/],
  [{ fault: 'kill', peer: 'coordinator' }, /--peer coordinator fits only delay, partition/],
  [{ fault: 'corrupt-checkpoint', peer: 'coordinator' }, /--peer coordinator fits only delay, partition/],
  [{ fault: 'kill', for: '5' }, /--for 5 fits only stop, delay, partition, slow/],
  [{ fault: 'stop', delay: '5' }, /--delay 5 fits only delay, slow/],
  [{ fault: 'stop', for: 'long' }, /--for takes seconds from 0 to 2147483, not 'long'/],
  [{ fault: 'stop', for: '' }, /--for takes seconds/],
  [{ fault: 'slow', delay: '0' }, /--delay takes a whole number from 1/],
  [{ fault: 'kill', atStep: '-1' }, /--at-step takes a whole number from 0 on, not '-1'/],
  [{ fault: 'kill', atStep: '11' }, /step 11 never begins: the run ends with step 10/],
  [{ fault: 'kill', count: '3' }, /--count goes with --every/],
  [{ fault: 'kill', faults: 'stop' }, /--faults goes with --every/],
  [{ every: '5', atStep: '3' }, /--at-step goes with --fault/],
  [{ every: '5', peer: 'coordinator' }, /--peer goes with --fault/],
  [{ every: '0' }, /--every takes seconds from 0\.001/],
  [{ every: 'often' }, /--every takes seconds from .*, not 'often'/],
  [{ every: '5', seed: 'x' }, /--seed takes a whole number/],
  [{ every: '5', count: '0' }, /--count takes a whole number from 1/],
  [{ every: '5', faults: 'kill', for: '3' }, /--for 3 fits only/],
];

test('what cannot be is refused in a sentence with the value and the cure', () => {
  for (const [flags, reason] of REFUSED) {
    assert.throws(
      () => readRequest(flags, ACCESS),
      (error: unknown) => error instanceof UsageError && reason.test(error.message) && !error.message.includes('\n'),
      JSON.stringify(flags),
    );
  }
});

test('a fault gets the times that belong to it, 10 s and 200 ms when nothing is said', () => {
  const faultOf = (flags: ChaosFlags, access = ACCESS) => {
    const request = readRequest(flags, access);
    assert.ok(request.kind === 'one');
    return request.fault;
  };
  const fault = { kind: 'kill', role: 'generator-1', peer: '', atStep: 0, milliseconds: 0, delayMs: 0 };
  assert.deepEqual(faultOf({ fault: 'kill', role: 'generator-1' }), fault);
  assert.deepEqual(faultOf({ fault: 'stop', role: 'generator-1' }), { ...fault, kind: 'stop', milliseconds: 10_000 });
  assert.deepEqual(
    faultOf({ fault: 'delay', role: 'discriminator', peer: 'generator-2', for: '0.25', delay: '7', atStep: '3' }),
    { kind: 'delay', role: 'discriminator', peer: 'generator-2', atStep: 3, milliseconds: 250, delayMs: 7 },
  );
  assert.equal(faultOf({ fault: 'slow', role: 'generator-1', for: '0' }).milliseconds, 0);
  assert.deepEqual(faultOf({ fault: 'coordinator-kill' }), { ...fault, kind: 'coordinator-kill', role: '' });
  // The coordinator knows better how many generators there are.
  assert.equal(faultOf({ fault: 'kill', role: 'generator-7' }, ELSEWHERE).role, 'generator-7');
});

test('any role is one that has such a peer, and follows from the seed', () => {
  const drawn = Array.from({ length: 40 }, (_, seed) => {
    const request = readRequest({ fault: 'partition', peer: 'discriminator', seed: String(seed) }, ACCESS);
    return request.kind === 'one' ? request.fault.role : '';
  });
  assert.deepEqual(new Set(drawn), new Set(['generator-1', 'generator-2']));
});

test('faults at random are all kinds but coordinator-kill, of all roles, unless some are named', () => {
  const all = readRequest({ every: '2.5' }, ACCESS);
  assert.ok(all.kind === 'random');
  assert.equal(all.draw.everyMs, 2500);
  assert.deepEqual(all.draw.targets, ACCESS.roles);
  assert.deepEqual([...all.draw.kinds].sort(), [
    'corrupt-checkpoint',
    'delay',
    'kill',
    'nan',
    'partition',
    'slow',
    'stop',
  ]);
  const some = readRequest({ every: '1', faults: 'kill,coordinator-kill', role: 'generator-2', count: '5' }, ACCESS);
  assert.ok(some.kind === 'random');
  assert.deepEqual(
    [some.draw.kinds, some.draw.targets, some.count],
    [['kill', 'coordinator-kill'], ['generator-2'], 5],
  );
  // Of what is named nobody but the run's own coordinator knows where it would be made.
  const inWindows = (faults: object) => readRequest({ every: '1', ...faults }, ACCESS, 'win32');
  const [drawn, named] = [inWindows({}), inWindows({ faults: 'stop' })];
  assert.ok(drawn.kind === 'random' && named.kind === 'random');
  assert.deepEqual(
    all.draw.kinds.filter((kind) => !drawn.draw.kinds.includes(kind)),
    ['stop'],
  );
  assert.deepEqual(named.draw.kinds, ['stop']);
});
