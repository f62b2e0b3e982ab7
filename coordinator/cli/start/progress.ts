/** What a person sees while a run trains: a bar on a terminal, a line every few seconds elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import { qualityText } from '../../run/journal/event-text.js';
import type { StepMetrics } from '../../run/journal/journal.js';
import type { Spectator } from '../../training/run.js';
import { Silence } from './silence.js';

const LINE_EVERY_MS = 5000;
/** A bar that moves. */
const BAR_EVERY_MS = 200;
/** Steps over which losses, verdicts and speed are averaged for the eye. */
const WINDOW = 50;

export function spectator(steps: number, output: NodeJS.WriteStream): Spectator & Disposable {
  const recent: StepMetrics[] = [];
  let quality = '';
  const bar = output.isTTY ? progressBar(output) : undefined;
  let lastShown = performance.now();
  const line = (text: string) => void output.write(`${text}\n`);
  let training = false;
  const silence = new Silence((text) => {
    if (bar !== undefined && training) bar.update({ text });
    else line(text);
  });
  return {
    say(text) {
      silence.broken();
      line(text);
    },
    began(step) {
      training = true;
      silence.expect(step + 1);
      bar?.start(steps, step, { text: 'first step' });
    },
    committed(metrics) {
      silence.expect(metrics.step < steps ? metrics.step + 1 : undefined);
      recent.push(metrics);
      if (recent.length > WINDOW) recent.shift();
      bar?.update(metrics.step);
      const now = performance.now();
      // What nobody sees need not be worked out: with 100 generators it is as much work as the commit.
      if (now - lastShown < (bar === undefined ? LINE_EVERY_MS : BAR_EVERY_MS) && metrics.step < steps) return;
      lastShown = now;
      const text = `${describe(recent, steps - metrics.step)}${quality}`;
      if (bar === undefined) line(`step ${metrics.step}/${steps}  ${text}`);
      else bar.update({ text });
    },
    measured(newest) {
      quality = ` | ${qualityText(newest)}`;
      if (bar === undefined) line(`step ${newest.step}  ${qualityText(newest)}`);
    },
    waiting: (reason) => silence.waiting(reason),
    wentBack(step) {
      recent.length = 0;
      silence.expect(step + 1);
      bar?.update(step);
    },
    ended() {
      silence[Symbol.dispose]();
      bar?.stop();
    },
    [Symbol.dispose]: () => silence[Symbol.dispose](),
  };
}

function progressBar(output: NodeJS.WriteStream): SingleBar {
  return new SingleBar(
    {
      format: '{bar} {value}/{total}  {text}',
      barsize: 20,
      stream: output,
      hideCursor: true,
      linewrap: false,
      fps: 1000 / BAR_EVERY_MS,
    },
    Presets.shades_classic,
  );
}

/** 7.1 steps/s, 4m10s left | D 1.21 G 0.84 0.86 averaged 0.85 | judged real x 81% g1 10% g2 9% */
export function describe(recent: readonly StepMetrics[], left: number): string {
  const mean = (pick: (metrics: StepMetrics) => number) => recent.reduce((sum, m) => sum + pick(m), 0) / recent.length;
  const ms = mean((m) => m.ms);
  const [newest] = recent.slice(-1);
  const generators = (newest?.generatorLosses ?? []).map((_, i) => mean((m) => m.generatorLosses[i] ?? 0).toFixed(2));
  const names = Object.keys(newest?.verdicts ?? {});
  const all = mean((m) => Object.values(m.verdicts).reduce((a, b) => a + b, 0));
  const verdicts = names.map((name) => `${name} ${Math.round((100 * mean((m) => m.verdicts[name] ?? 0)) / all)}%`);
  const losses = `D ${mean((m) => m.discriminatorLoss).toFixed(2)} G ${generators.join(' ')} averaged ${mean((m) => m.averageGeneratorLoss).toFixed(2)}`;
  return `${(1000 / ms).toFixed(1)} steps/s, ${duration((left * ms) / 1000)} left | ${losses} | judged real ${verdicts.join(' ')}`;
}

/** 75 → 1m15s */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, '0')}m`;
  return minutes > 0 ? `${minutes}m${String(whole % 60).padStart(2, '0')}s` : `${whole}s`;
}
