/**
 * What a step's length is made of: the chain of work and of words that ends with the step's commit, each link waiting for
 * the one before. It is found backwards: the commit waited for the last vote, the vote for its worker's phases, a phase
 * that waited for the message that ended the wait, the message for whoever sent it.
 */
import { type Crossing, COORDINATOR } from './crossings.js';
import { type ProfiledRun, type Span, type Step, overlap, sum } from './profiled-run.js';

/** `decision`: the coordinator's, from the last vote to the commit. `engine`: milliseconds of a phase in calls of the engine. */
export type Link = Span &
  (
    | { kind: 'phase'; role: string; phase: string; engine: number }
    | { kind: 'crossing'; crossing: Crossing }
    | { kind: 'decision' }
  );

/** @returns links without gaps, from the commit before to the step's own */
export function criticalPath(run: ProfiledRun, step: Step): Link[] {
  const votes = run.crossings.filter((crossing) => crossing.kind === 'vote' && crossing.step === step.step);
  const vote = votes.reduce((last, each) => (each.arrived > last.arrived ? each : last));
  const links: Link[] = [{ kind: 'decision', from: vote.arrived, to: step.to }];
  let crossing: Crossing | undefined = vote;
  while (crossing !== undefined && crossing.taken > step.from) {
    links.push({ kind: 'crossing', crossing, from: Math.max(crossing.sent, step.from), to: crossing.taken });
    crossing = crossing.from === COORDINATOR ? undefined : addWork(links, run, crossing, step.from);
  }
  if ((links.at(-1)?.from ?? Number.NaN) > step.from) throw new Error(`step ${step.step} was not recorded whole`);
  return links.reverse();
}

/** Goes back through what a sender did before. @returns the message that it had waited for; undefined: the step began first */
function addWork(links: Link[], run: ProfiledRun, { from: role, sent }: Crossing, start: number): Crossing | undefined {
  const phases = run.workers.find((worker) => worker.role === role)?.phases ?? [];
  for (const phase of phases.filter(({ from, to }) => from < sent && to > start).reverse()) {
    const to = Math.min(phase.to, sent);
    const waited = run.crossings
      .filter((each) => each.to === role && each.arrived > phase.from && each.taken <= to)
      .reduce<Crossing | undefined>((last, each) => (each.arrived > (last?.arrived ?? 0) ? each : last), undefined);
    const link = { from: Math.max(waited?.taken ?? phase.from, start), to };
    const engine = sum(phase.calls.map((call) => overlap(call, link)));
    if (link.from < to) links.push({ kind: 'phase', role, phase: phase.name, engine, ...link });
    if (waited !== undefined) return waited;
  }
  return undefined;
}
