/** What of a machine no package can mend: TensorFlow's builds for Linux need glibc and, on x86-64, AVX. */
import { readFileSync } from 'node:fs';

/** Of the manylinux tag that is asked for (wheels.ts). */
const GLIBC = [2, 27] as const;

export interface Machine {
  platform: string;
  arch: string;
  /** "2.36"; undefined: another C library. */
  glibc: string | undefined;
  /** What Linux says of the processor; '' where it says nothing. */
  cpuinfo: string;
}

export function thisMachine(): Machine {
  const { platform, arch } = process;
  if (platform !== 'linux') return { platform, arch, glibc: undefined, cpuinfo: '' };
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { platform, arch, glibc: header.glibcVersionRuntime, cpuinfo: read('/proc/cpuinfo') };
}

/** A sentence for each thing. */
export function unfitFor({ platform, arch, glibc, cpuinfo }: Machine): string[] {
  if (platform !== 'linux') return [];
  const needed = GLIBC.join('.');
  const old = glibc !== undefined && compare(glibc.split('.').map(Number), GLIBC) < 0;
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ');
  return [
    glibc === undefined &&
      `TensorFlow's builds need the C library glibc ${needed} or later, this Linux has another one (Alpine has musl): use a Debian, Ubuntu or Fedora, or their image.`,
    old && `TensorFlow's builds need glibc ${needed} or later, this Linux has ${glibc}: use a newer one, or its image.`,
    arch === 'x64' &&
      flags?.includes('avx') === false &&
      "TensorFlow's builds need a processor with AVX, this one has none.",
  ].filter((sentence) => typeof sentence === 'string');
}

function compare(a: readonly number[], b: readonly [number, number]): number {
  return (a[0] ?? 0) - b[0] || (a[1] ?? 0) - b[1];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
