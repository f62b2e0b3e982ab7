/** The parts of a Standby or an Assign that are text on the wire, read. */
import { DuetError } from '../common/errors.js';

const LONGEST = 200;

/** @throws DuetError when the config or the engine is no JSON */
export function parseRequest(config: string, engine: string): { config: unknown; engine: unknown } {
  try {
    return { config: JSON.parse(config), engine: JSON.parse(engine) };
  } catch (error) {
    throw new DuetError("the coordinator's config is no JSON (another version of Duet?)", { cause: error });
  }
}

/** @returns 0 for the discriminator, k for generator-k @throws DuetError for a role that the run has not */
export function generatorOf(role: string, generators: number): number {
  if (role === 'discriminator') return 0;
  const generator = Number(/^generator-([1-9]\d{0,3})$/.exec(role)?.[1] ?? Number.NaN);
  if (generator <= generators) return generator;
  throw new DuetError(
    `the coordinator asks for the role '${role.slice(0, LONGEST)}' of a run with ${generators} generators (another version of Duet?)`,
  );
}
