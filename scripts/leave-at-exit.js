// Preloaded into every test file's process: ends it when its event loop has ended, without Node's last cleanup, which now and
// then never ends (nodejs/node#47748: Environment::CleanupHandles waits for a request that is no more, at 100 % CPU). A
// file that leaves a handle open still hangs, and fails for it: then nothing here is called.
process.once('beforeExit', () => {
  // Last of the listeners, since the test runner's own sets the exit code.
  process.once('exit', () => process.exit());
});
