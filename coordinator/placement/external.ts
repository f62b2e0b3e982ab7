import type { Placement } from './placement.js';

/** The workers are started by somebody else (a person, Kubernetes); the coordinator says how. */
export const externalPlacement: Placement = {
  start({ count, coordinator, tokenFile, say }) {
    say(`waiting for ${count} workers; start each with`);
    say(`  npx worker join --coordinator ${coordinator} --token-file ${tokenFile}`);
  },
  async [Symbol.asyncDispose]() {},
};
