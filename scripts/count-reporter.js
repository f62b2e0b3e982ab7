// A node:test reporter whose last line is "N passed, N failed, N skipped". Under CI a skipped test fails the run:
// the machine there has, or installs, whatever a test needs. But what a kernel or a container does not allow cannot be
// installed (network namespaces, netem): a test that was skipped since "this machine cannot ..." counts as skipped only.
const EXCUSED = /^this machine cannot /;

export default async function* countReporter(source) {
  let [passed, failed, skipped, excused] = [0, 0, 0, 0];
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file counts as a test of its own around its tests; only what has a place in a file is one.
    if (data.details?.type === 'suite' || data.nesting > 0) continue;
    if (data.name.endsWith('.test.js') && type === 'test:pass') continue;
    if (type === 'test:fail') failed += 1;
    else if (data.skip !== undefined) {
      skipped += 1;
      if (EXCUSED.test(data.skip)) excused += 1;
    } else passed += 1;
  }
  if (process.env.CI === 'true' && skipped > excused) {
    yield `${skipped - excused} skipped: under CI a test that is skipped has failed\n`;
    process.exitCode = 1;
  }
  yield `${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
