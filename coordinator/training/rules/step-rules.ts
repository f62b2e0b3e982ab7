/**
 * Rules of the committed steps and their signals. Pure: history in, findings out.
 * Sources and cautions of every threshold: docs/stability.md.
 */
import type { Finding } from './finding.js';
import { type History, SIGNALS_WINDOW, WINDOW } from './history.js';

export const STEP_LIMITS = {
  /** Global L2 norm of a role's gradient. */
  exploding: 100,
  vanishing: 1e-7,
  /** Steps in a row that a vanishing gradient must last. */
  vanishingSteps: 50,
  /** A discriminator's loss that counts as near 0, and the share of the window's steps. */
  lossNearZero: 0.01,
  lossNearZeroShare: 0.7,
  /** Mean of D(x) and 1 - D(G(z)) over the window. */
  tooStrong: 0.98,
  /** Share of one outcome of the verdict over the window. */
  stuck: 0.95,
  /** Share of the update weight, as a part of an equal share: 10 % of two generators'. */
  starving: 0.2,
  /** Diversity relative to real data. */
  diversity: 0.5,
  /** Signals in a row that a lack of diversity must last. */
  diversitySignals: 3,
  /** Until here the networks only begin to learn, and what looks like a collapse is none. */
  warmUp: 1000,
} as const;

const LIMITS = STEP_LIMITS;

/** All of this file's rules, of the history's newest step. */
export function stepFindings(history: History): Finding[] {
  return [
    ...explodingGradients(history),
    ...vanishingGradients(history),
    ...discriminatorLossNearZero(history),
    ...discriminatorTooStrong(history),
    ...stuckVerdict(history),
    ...starvingGenerators(history),
    ...collapsedDiversity(history),
  ];
}

function explodingGradients({ steps }: History): Finding[] {
  return Object.entries(steps.at(-1)?.gradientNorms ?? {}).flatMap(([role, norm]) =>
    norm > LIMITS.exploding
      ? [
          warning(
            'gradient-exploding',
            role,
            `the gradient norm of ${role} is ${shown(norm)}, above ${LIMITS.exploding}`,
          ),
        ]
      : [],
  );
}

function vanishingGradients({ steps }: History): Finding[] {
  const recent = steps.slice(-LIMITS.vanishingSteps);
  if (recent.length < LIMITS.vanishingSteps) return [];
  return Object.keys(recent[0]?.gradientNorms ?? {}).flatMap((role) =>
    recent.every(({ gradientNorms }) => (gradientNorms[role] ?? Number.POSITIVE_INFINITY) < LIMITS.vanishing)
      ? [
          warning(
            'gradient-vanishing',
            role,
            `the gradient norm of ${role} has been below ${LIMITS.vanishing} for ${LIMITS.vanishingSteps} steps`,
          ),
        ]
      : [],
  );
}

function discriminatorLossNearZero({ steps }: History): Finding[] {
  if (steps.length < WINDOW) return [];
  const share = meanOf(steps, ({ discriminatorLoss }) => (discriminatorLoss < LIMITS.lossNearZero ? 1 : 0));
  if (share <= LIMITS.lossNearZeroShare) return [];
  return [
    warning(
      'discriminator-loss-near-zero',
      'discriminator',
      `the discriminator's loss was below ${LIMITS.lossNearZero} in ${percent(share)} of the last ${WINDOW} steps: a risk, not a collapse; runs at their best have shown the same`,
    ),
  ];
}

function discriminatorTooStrong({ scores }: History): Finding[] {
  if (scores.length < WINDOW) return [];
  const score = meanOf(scores, (each) => each);
  // Steps of a run from before there were scores have none: NaN is never above.
  if (!(score > LIMITS.tooStrong)) return [];
  return [
    warning(
      'discriminator-too-strong',
      'discriminator',
      `the discriminator's score was ${shown(score)} over the last ${WINDOW} steps, above ${LIMITS.tooStrong}: the generators learn little from it`,
    ),
  ];
}

function stuckVerdict({ steps, won }: History): Finding[] {
  const first = steps[0]?.step ?? 0;
  if (steps.length < WINDOW || first <= LIMITS.warmUp) return [];
  const names = Object.keys(steps.at(-1)?.verdicts ?? {});
  const counts = names.map((name) => won.get(name) ?? 0);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return names.flatMap((name, i) => {
    const share = (counts[i] as number) / all;
    return share > LIMITS.stuck
      ? [
          warning(
            'verdict-stuck',
            name,
            `${name} was judged most real in ${percent(share)} of the samples of the last ${WINDOW} steps, more than ${percent(LIMITS.stuck)}`,
          ),
        ]
      : [];
  });
}

function starvingGenerators({ signals }: History): Finding[] {
  if (signals.length < SIGNALS_WINDOW) return [];
  const names = Object.keys(signals.at(-1)?.signals.updateShare ?? {});
  const least = LIMITS.starving / names.length;
  return names.flatMap((name) => {
    const share = meanOf(signals, ({ signals: { updateShare } }) => updateShare[name] ?? 0);
    return share < least
      ? [
          warning(
            'generator-starving',
            name,
            `${name} got ${percent(share)} of the update weight over the last ${SIGNALS_WINDOW} signals, less than ${percent(least)}`,
          ),
        ]
      : [];
  });
}

/** The one collapse that is seen without an evaluation. */
export function collapsedDiversity({ signals }: History): Finding[] {
  const recent = signals.slice(-LIMITS.diversitySignals);
  if (recent.length < LIMITS.diversitySignals || (recent[0]?.step ?? 0) <= LIMITS.warmUp) return [];
  return Object.keys(recent[0]?.signals.diversity ?? {}).flatMap((name) => {
    const values = recent.map(({ signals: { diversity } }) => diversity[name] ?? Number.NaN);
    return values.every((value) => value < LIMITS.diversity)
      ? [
          {
            rule: 'diversity-collapse' as const,
            subject: name,
            collapse: true,
            reason: `the samples of ${name} lie ${values.map(percent).join(', ')} as far apart as real ones in the last ${LIMITS.diversitySignals} signals, less than ${percent(LIMITS.diversity)}`,
          },
        ]
      : [];
  });
}

function warning(rule: Finding['rule'], subject: string, reason: string): Finding {
  return { rule, subject, collapse: false, reason };
}

function meanOf<T>(values: readonly T[], pick: (value: T) => number): number {
  return values.reduce((sum, value) => sum + pick(value), 0) / values.length;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
