import type { Placement, StartOptions } from './placement.js';

/** The workers are started by somebody else (a person, Kubernetes); the coordinator says how. */
export function externalPlacement(): Placement {
  let options: StartOptions | undefined;
  let asked = 0;
  return {
    start: (given) => {
      options = given;
    },
    ensure(_count, missing) {
      // What was asked for is not asked for again; a new loss is.
      if (options !== undefined && missing > asked) {
        const { coordinator, tokenFile, trust, say } = options;
        say(missing === 1 ? 'waiting for a worker; start one with' : `waiting for ${missing} workers; start each with`);
        say(
          `  npx worker join --coordinator ${coordinator} --token-file ${tokenFile}${trust === undefined ? '' : ' --tls-cert FILE --tls-key FILE --tls-ca FILE'}`,
        );
      }
      asked = missing;
    },
    owns: () => false,
    // It is told to stop when its connection ends; if it cannot hear, its own supervisor has to see to it.
    end: () => {},
    async [Symbol.asyncDispose]() {},
  };
}
