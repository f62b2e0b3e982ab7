import type { Placement, StartOptions } from './placement.js';

/** The workers are started by somebody else (a person, Kubernetes); the coordinator says how. */
export function externalPlacement(): Placement {
  let options: StartOptions | undefined;
  let asked = 0;
  return {
    start: (given) => {
      options = given;
    },
    ensure(count) {
      if (options === undefined) return;
      const { coordinator, tokenFile, say } = options;
      say(
        asked === 0 ? `waiting for ${count} workers; start each with` : 'waiting for a worker to join; start one with',
      );
      say(`  npx worker join --coordinator ${coordinator} --token-file ${tokenFile}`);
      asked = count;
    },
    owns: () => false,
    // It is told to stop when its connection ends; if it cannot hear, its own supervisor has to see to it.
    end: () => {},
    async [Symbol.asyncDispose]() {},
  };
}
