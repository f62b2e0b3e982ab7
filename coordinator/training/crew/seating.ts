/** Who has which role. A role without a worker goes to one that stands by, if there is one that can take it. */
import type { Run } from '../run.js';
import type { Member } from './member.js';

export class Seating {
  readonly #run: Run;
  readonly #roles: readonly string[];
  readonly #seats = new Map<string, Member>();
  readonly #standbys = new Set<Member>();

  constructor(run: Run, roles: readonly string[]) {
    this.#run = run;
    this.#roles = roles;
  }

  get seated(): Member[] {
    return [...this.#seats.values()];
  }

  /** Roles without a worker, discriminator first. */
  get vacant(): string[] {
    return this.#roles.filter((role) => !this.#seats.has(role));
  }

  memberOf(role: string): Member | undefined {
    return this.#seats.get(role);
  }

  /** A worker without a role waits for one, and loads what one of the roles needs. */
  standBy(member: Member): void {
    this.#standbys.add(member);
    // Whoever gets a role at once need not be told to wait for one.
    if (this.vacant.length >= this.#standbys.size) return;
    const role = this.#roleToWaitFor();
    const threads = this.#threadsOf(role);
    member.standby = { role, threads };
    this.#run.journal.event({ event: 'worker-standing-by', worker: member.name, role });
    member.send({ standby: { role, threads, ...this.#job() } });
  }

  leave(member: Member): void {
    this.#standbys.delete(member);
    if (member.role !== undefined && this.#seats.get(member.role) === member) this.#seats.delete(member.role);
  }

  /** Gives every vacant role to a worker that stands by, as far as they go. */
  fill({ epoch, step }: { epoch: number; step: number }): void {
    for (const role of this.vacant) {
      const member = this.#bestFor(role);
      if (member === undefined) continue;
      this.#standbys.delete(member);
      this.#seats.set(role, member);
      member.role = role;
      member.begins(epoch);
      member.standby = undefined;
      const threads = this.#threadsOf(role);
      this.#run.journal.event({ event: 'role-assigned', worker: member.name, role, epoch, threads });
      member.send({
        assign: {
          epoch,
          role,
          ...this.#job(),
          threads,
          step,
          restore: step > 0,
          sampleShape: [...this.#run.sampleShape],
          sharesMachine: this.#run.settings.placement === 'local',
        },
      });
    }
    this.#dismissMisfits();
  }

  #job() {
    const { directory, training, engine } = this.#run;
    return { run: directory.id, config: JSON.stringify(training), engine: JSON.stringify(engine) };
  }

  #threadsOf(role: string): number {
    return this.#run.threads[role] ?? 1;
  }

  /** Who had this role for an earlier coordinator still holds its state; then who is warm for such a role; then anyone. */
  #bestFor(role: string): Member | undefined {
    const able = [...this.#standbys].filter(
      (member) => member.present && (member.standby === undefined || member.standby.threads === this.#threadsOf(role)),
    );
    const had = ({ identity }: Member) => (identity.run === this.#run.directory.id ? identity.role : undefined);
    const claimed = (member: Member) => this.vacant.includes(had(member) ?? '');
    const warm = (member: Member) => kindOf(member.standby?.role ?? '') === kindOf(role);
    // Who claims another vacant role is about to get that one.
    const free = able.filter((member) => !claimed(member));
    return able.find((member) => had(member) === role) ?? free.find(warm) ?? free[0];
  }

  /** The engine of one that stands by cannot change its threads: it makes room for a new process. */
  #dismissMisfits(): void {
    const { vacant } = this;
    if (vacant.length === 0) return;
    for (const member of this.#standbys) {
      const fits = vacant.some((role) => member.standby?.threads === this.#threadsOf(role));
      if (fits || member.standby === undefined) continue;
      const reason = `a worker with ${vacant.map((role) => this.#threadsOf(role)).join(' or ')} threads is needed, this one has loaded its engine with ${member.standby.threads}`;
      member.dismiss(reason);
      member.left(reason, 'left');
    }
  }

  /** In turn: a generator's, then the discriminator's. */
  #roleToWaitFor(): string {
    const waiting = [...this.#standbys].flatMap(({ standby }) => (standby === undefined ? [] : [kindOf(standby.role)]));
    const count = (kind: string) => waiting.filter((each) => each === kind).length;
    return count('generator') <= count('discriminator') ? 'generator-1' : 'discriminator';
  }
}

function kindOf(role: string): string {
  return role.startsWith('generator') ? 'generator' : role;
}
