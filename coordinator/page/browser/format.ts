/** Numbers and times for people. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

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
  return `${Math.round(100 * share)} %`;
}

/** A loss or a distance: as many digits as tell two of them apart. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1000 || size < 0.0005) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4);
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
