/** Numbers and times for people. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** No line ends between a number and its unit. */
const NARROW = '\u00a0';

/** 1234 → 1,234 */
export function count(value: number): string {
  return whole.format(value);
}

/** 250 s → 4 min 10 s */
export function duration(seconds: number): string {
  const all = Math.round(seconds);
  const [days, hours, minutes] = [Math.floor(all / 86_400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${all % 60} s` : `${all} s`;
}

/** 80 → 80 ms, 2500 → 2.5 s */
export function milliseconds(value: number): string {
  if (value < 1000) return `${Math.round(value)} ms`;
  return value < 10_000 ? `${(value / 1000).toFixed(1)} s` : duration(value / 1000);
}

/** 123456789 → 123 MB */
export function bytes(value: number): string {
  if (value <= 0) return '–';
  return value < 1e9 ? `${Math.round(value / 1e6)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/** 0.8125 → 81 % */
export function percent(share: number): string {
  return `${Math.round(100 * share)}${NARROW}%`;
}

/** A loss: 1.21 */
export function loss(value: number | null | undefined): string {
  return decimals(value, 2);
}

/** A KID, which is small: 0.0123 */
export function distance(value: number | null | undefined): string {
  return decimals(value, Math.abs(value ?? 0) < 1 ? 4 : 2);
}

function decimals(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined) return '–';
  return Math.abs(value) >= 1000 ? value.toExponential(2) : value.toFixed(digits);
}

/** Of today: the time; of another day: the date, too. */
export function clock(time: string | Date): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  const clockTime = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date().toDateString()
    ? clockTime
    : `${date.toLocaleDateString('en-CA')} ${clockTime}`;
}

/** g2 → generator 2; x → real data */
export function judgedName(name: string): string {
  const generator = /^g(\d+)$/.exec(name)?.[1];
  return generator === undefined ? 'real data (x)' : `generator ${generator}`;
}

/** generator-2 → g2, discriminator → d: what its colour is called. */
export function colourName(role: string): string {
  return role.replace(/^generator-/, 'g').replace(/^discriminator$/, 'd');
}
