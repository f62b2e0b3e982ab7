/** The head of the page: what the run is, its state, how far it is, and what one has to know at once. */
import type { QualityView, RecoveryView } from '../../view/messages.js';
import type { RunView } from '../../view/run-view.js';
import { byId, setAttribute, setText } from './dom.js';
import { clock, count, distance, duration, milliseconds, percent } from './format.js';

const AWAY_TITLE = 'not connected';

export class Summary {
  #run: RunView | undefined;
  #recovery: RecoveryView | null = null;
  #connected = false;

  run(run: RunView): void {
    const before = this.#run?.state;
    this.#run = run;
    setText(byId('name'), run.id);
    const { system, data, generators, batch, seed, branch } = run;
    const branches = branch === 0 ? '' : `, branch ${branch}`;
    setText(
      byId('what'),
      `${system} on ${data}, ${generators} ${generators === 1 ? 'generator' : 'generators'}, batch ${batch}, seed ${seed}${branches}`,
    );
    this.#showProgress(run);
    this.#showState();
    if (before !== run.state)
      this.#announce(`${run.id} is ${run.state}, step ${count(run.step)} of ${count(run.steps)}`);
  }

  quality({ best, modes }: QualityView): void {
    const found = modes === null ? '' : `, ${modes.found} of ${modes.of} modes now`;
    setText(byId('best'), best === null ? '–' : `${distance(best.kid)} at step ${count(best.step)}${found}`);
  }

  recovery(recovery: RecoveryView | null): void {
    this.#recovery = recovery;
    this.#showState();
  }

  connection(connected: boolean, heard: Date | undefined): void {
    const changed = this.#connected !== connected;
    this.#connected = connected;
    const text =
      heard === undefined
        ? 'Not connected: nothing answers here. Trying again every 2 s.'
        : `Not connected: last heard at ${clock(heard)}. What is shown is as it was then. Trying again every 2 s.`;
    const notice = byId('offline');
    notice.hidden = connected;
    setText(notice, connected ? '' : text);
    setText(byId('heard'), connected ? 'connected' : 'not connected');
    if (changed) this.#announce(connected ? 'connected' : text);
    this.#showState();
  }

  #showProgress({ step, steps, stepMs, secondsLeft, live, sinceCommitMs, epoch, state }: RunView): void {
    const progress = byId<HTMLProgressElement>('progress');
    progress.max = steps;
    progress.value = step;
    setAttribute(progress, 'aria-valuetext', `step ${count(step)} of ${count(steps)}`);
    setAttribute(progress, 'data-state', state);
    setText(byId('step'), `${count(step)} of ${count(steps)} (${percent(step / steps)})`);
    setText(byId('left'), live && stepMs > 0 ? duration(secondsLeft) : '–');
    setText(byId('speed'), stepMs > 0 ? `${(1000 / stepMs).toFixed(1)} steps/s` : '–');
    setText(byId('commit'), sinceCommitMs > 0 ? `${milliseconds(sinceCommitMs)} ago` : '–');
    setText(byId('epoch'), count(epoch));
  }

  #showState(): void {
    const run = this.#run;
    if (run === undefined) return;
    const { state, reason, live, id, step, steps } = run;
    const chip = byId('state');
    setAttribute(chip, 'data-state', state);
    setAttribute(chip, 'data-away', String(!this.#connected));
    const use = chip.querySelector('use');
    if (use !== null) setAttribute(use, 'href', `#shape-${state}`);
    setText(byId('state-word'), this.#connected ? state : `was ${state}`);
    this.#showRecovery(state);
    const ended = byId('ended');
    ended.hidden = reason === '';
    setText(
      ended,
      reason === ''
        ? ''
        : live
          ? `Waiting: ${reason}`
          : `The run ${state === 'failed' ? 'failed' : 'ended'}: ${reason}`,
    );
    ended.classList.toggle('bad', state === 'failed');
    document.title = `${this.#connected ? `${percent(step / steps)} ${state}` : AWAY_TITLE}: ${id}`;
  }

  #showRecovery(state: RunView['state']): void {
    const notice = byId('recovery');
    notice.hidden = state !== 'recovering';
    if (state !== 'recovering') return setText(notice, '');
    const why = this.#recovery;
    setText(
      notice,
      why === null
        ? 'Recovering: a step was called off, and the run goes back to its newest checkpoint.'
        : `Recovering since ${clock(why.since)}: step ${count(why.step)} was called off, because ${why.reason}`,
    );
  }

  #announce(text: string): void {
    setText(byId('announcement'), text);
  }
}
