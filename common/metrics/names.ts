/**
 * Every metric of Duet: its name, what it is, its labels. Dashboards, alert rules and their tests take the names from here.
 * Base units; `run` (the run's id) stands on all of them besides the labels named here, so it is not repeated.
 */

export interface MetricSpec {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  /** Besides `run`. Each takes few values: roles, phases, causes, the layers of one network. */
  labels: readonly string[];
  /** Upper bounds of a histogram. */
  buckets?: readonly number[];
  /** True: only on a machine with an NVIDIA card. */
  gpu?: true;
}

/** Value of the label `role` of a worker that computes this; empty: nothing now. */
export function roleLabel(role: string): string {
  return role === '' ? SPARE : role;
}
export const SPARE = 'spare';

/** 1 ms to 30 s: a step of a toy, and one that waits for somebody. */
const STEP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** 0.1 ms to 10 s: a message on loopback, and one on a link that is in trouble. */
const MESSAGE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10];
/** 10 ms to 5 min. */
const RECOVERY_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300];

function counter<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { name, type: 'counter', help, labels } as const;
}

function gauge<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { name, type: 'gauge', help, labels } as const;
}

function gpuGauge<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { name, type: 'gauge', help, labels, gpu: true } as const;
}

function histogram<const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
  buckets: readonly number[],
) {
  return { name, type: 'histogram', help, labels, buckets } as const;
}

/** What every process of a run says of itself; `role` is coordinator, a role, or spare (no role now). */
export const PROCESS_METRICS = {
  resident: gauge('duet_resident_memory_bytes', 'Resident memory of the process.', ['role']),
  cpu: counter('duet_cpu_seconds_total', 'Processor time of the process, user and system.', ['role']),
  started: gauge('duet_start_time_seconds', 'When the process started, seconds since 1970.', ['role']),
  eventLoopLag: gauge(
    'duet_event_loop_lag_seconds',
    'How late the event loop that does the network was since the last scrape, by stat (p50, p99, max).',
    ['role', 'stat'],
  ),
} as const satisfies Record<string, MetricSpec>;

/** Of a worker; `role` is what it computes now, or spare. */
export const WORKER_METRICS = {
  info: gauge('duet_worker_info', 'Always 1; what the worker is in its labels.', [
    'role',
    'version',
    'engine',
    'device',
    'threads',
  ]),
  phase: histogram(
    'duet_phase_seconds',
    'Where the time of a role goes within a step, by phase: wait-... for others, commit to take the update over, all others its own computing.',
    ['role', 'phase'],
    STEP_SECONDS,
  ),
  exchangeBytes: counter(
    'duet_exchange_bytes_total',
    'Activations and gradients that crossed the exchange at this end, payload only, by direction (sent, received).',
    ['role', 'direction'],
  ),
  exchange: histogram(
    'duet_exchange_seconds',
    'How long one tensor took through the exchange at this end, first message to last, by direction (sent, received).',
    ['role', 'direction'],
    MESSAGE_SECONDS,
  ),
  roundTrip: gauge(
    'duet_exchange_round_trip_seconds',
    "Newest round trip of a generator's pulse to the discriminator and back.",
    ['role'],
  ),
  tensors: gauge('duet_tensors', 'Live tensors of the engine after the newest step.', ['role']),
  gpuMemory: gpuGauge('duet_gpu_memory_used_bytes', "Memory in use on the worker's NVIDIA card, by anyone.", [
    'role',
    'gpu',
  ]),
  gpuMemoryTotal: gpuGauge('duet_gpu_memory_total_bytes', "Memory of the worker's NVIDIA card.", ['role', 'gpu']),
  gpuLoad: gpuGauge(
    'duet_gpu_utilization_ratio',
    "Share of the time in which a kernel ran on the worker's NVIDIA card (nvidia-smi), 0 to 1.",
    ['role', 'gpu'],
  ),
} as const satisfies Record<string, MetricSpec>;

/** Of a run, as its coordinator knows it. `judged` is x, g1, ..., gN; `role` a role of the run. */
export const RUN_METRICS = {
  info: gauge('duet_run_info', 'Always 1; what the run is in its labels.', ['version', 'system', 'data']),
  state: gauge(
    'duet_run_state',
    '1 for the state that the run is in, 0 for the others: starting, waiting, training, recovering, finished, stopped, failed.',
    ['state'],
  ),
  epoch: gauge('duet_epoch', 'Epoch of membership: grows whenever the run goes on from a checkpoint.', []),
  step: gauge('duet_step', 'Newest committed step.', []),
  target: gauge('duet_target_step', 'Step at which the run is finished.', []),
  committed: counter('duet_steps_total', 'Committed steps, replayed ones included.', []),
  samples: counter(
    'duet_samples_total',
    'Samples of the data that committed steps trained on, replayed ones included.',
    [],
  ),
  lastCommit: gauge('duet_last_commit_timestamp_seconds', 'When a step was last committed, seconds since 1970.', []),
  stepSeconds: histogram('duet_step_seconds', 'From one commit to the next.', [], STEP_SECONDS),
  chain: histogram(
    'duet_step_chain_seconds',
    'The longest chain of computing in a step: what it would take without any message or wait.',
    [],
    STEP_SECONDS,
  ),
  voteSpread: histogram('duet_vote_spread_seconds', 'From the first vote of a step to the last.', [], STEP_SECONDS),

  discriminatorLoss: gauge('duet_discriminator_loss', 'L_D of the newest step.', []),
  generatorLoss: gauge('duet_generator_loss', 'mean_j l_G(D(G_i(z_j))) of the newest step, unweighted.', ['role']),
  averageGeneratorLoss: gauge(
    'duet_average_generator_loss',
    'L_G of the newest step: what the average-loss rule gives.',
    [],
  ),
  verdicts: counter('duet_verdicts_total', 'Samples of which this one was judged most real.', ['judged']),
  score: gauge(
    'duet_score',
    'Mean probability of being real that the discriminator gave in the newest step: D(x), D(G).',
    ['judged'],
  ),
  gradientNorm: gauge('duet_gradient_norm', "Global L2 norm of the role's gradient in the newest step.", ['role']),
  sigma: gauge('duet_sigma', "Largest singular value of a layer's kernel, discriminator.", ['layer']),
  diversity: gauge(
    'duet_diversity_ratio',
    "Mean distance between two samples of a generator's batch, over that of real data.",
    ['judged'],
  ),
  updateShare: gauge('duet_update_share_ratio', "A generator's share of the weights of the generators' loss.", [
    'judged',
  ]),

  evaluatedStep: gauge('duet_evaluated_step', 'Step of the newest evaluation.', []),
  kid: gauge('duet_kid', 'KID of the newest evaluation: of a role, or of the mixture of all generators.', ['of']),
  kidBest: gauge('duet_kid_best', 'Lowest KID of the mixture so far.', []),
  kidFloor: gauge('duet_kid_floor', 'Largest absolute KID among batches of real data: below it, KID is noise.', []),
  kidRatio: gauge('duet_kid_ratio', 'Newest KID over the best, both at least the floor: 1 is as good as ever.', []),
  modes: gauge('duet_modes_covered', 'Modes with a sample of the mixture, where the data has known modes.', []),
  modesOf: gauge('duet_modes', 'Known modes of the data.', []),
  highQuality: gauge('duet_high_quality_ratio', 'Share of the points within 3 standard deviations of a mode.', []),
  classEntropy: gauge(
    'duet_class_entropy_nats',
    'Entropy of the classes of the samples, where the data has classes.',
    [],
  ),
  rule: gauge('duet_rule_active', '1 while a rule of stability holds (docs/stability.md), 0 when it has held before.', [
    'rule',
    'subject',
  ]),
  evaluationsSkipped: counter('duet_evaluations_skipped_total', 'Evaluations that were due and were left out.', []),

  workers: gauge(
    'duet_workers',
    'Workers by role and state (missing, starting, ready); role spare: those beyond the needed number.',
    ['role', 'state'],
  ),
  heartbeatAge: gauge('duet_heartbeat_age_seconds', "Since anything came from a role's worker.", ['role']),
  lost: counter('duet_workers_lost_total', 'Workers that were lost and replaced, by cause (docs/faults.md).', [
    'cause',
  ]),
  calledOff: counter('duet_steps_called_off_total', 'Steps that could not be committed, by cause.', ['cause']),
  faulty: counter('duet_faulty_steps_total', 'Steps with a number that was not finite.', []),
  recoveries: counter(
    'duet_recoveries_total',
    'Faults from which the run has come back to the step in which they happened.',
    [],
  ),
  recovery: histogram(
    'duet_recovery_seconds',
    'What a recovery took, by part: detect, replace, restore, replay, total.',
    ['part'],
    RECOVERY_SECONDS,
  ),
  replayed: counter('duet_replayed_steps_total', 'Steps that were computed again after a fault.', []),
  replayDiffers: counter('duet_replays_differing_total', 'Replayed steps that gave other bits than before.', []),
  stale: counter('duet_stale_messages_total', 'Messages of an old epoch that were refused anywhere in the run.', []),
  suspected: counter('duet_faults_suspected_total', 'Faults that were seen and not acted upon, by cause.', ['cause']),
  injected: counter('duet_faults_injected_total', 'Faults made on purpose, by kind (docs/chaos.md).', ['fault']),
  rollbacks: counter('duet_rollbacks_total', 'Times that the run went back to its best checkpoint.', []),

  checkpointStep: gauge('duet_checkpoint_step', 'Step of the newest checkpoint.', []),
  checkpointTime: gauge(
    'duet_checkpoint_timestamp_seconds',
    'When the newest checkpoint was written, or else when this coordinator started; seconds since 1970.',
    [],
  ),
  checkpointBytes: gauge('duet_checkpoint_bytes', 'Size of the newest checkpoint.', []),
  checkpoint: histogram(
    'duet_checkpoint_seconds',
    'From the commit that asked for a checkpoint until it was on the disk; training does not wait.',
    [],
    STEP_SECONDS,
  ),
  checkpointsPassedOver: counter('duet_checkpoints_passed_over_total', 'Checkpoints that were damaged.', []),

  storeLag: gauge(
    'duet_store_lag_seconds',
    'Age of the oldest change that the run store does not have; 0: it has everything, as the file store always does.',
    [],
  ),
  storeWrites: gauge('duet_store_pending_writes', 'Changes that the run store does not have.', []),
  paused: counter(
    'duet_store_paused_seconds_total',
    'Seconds that the training waited for the run store, counted once it is back.',
    [],
  ),
} as const satisfies Record<string, MetricSpec>;

export const ALL_METRICS: readonly MetricSpec[] = [
  ...Object.values(PROCESS_METRICS),
  ...Object.values(WORKER_METRICS),
  ...Object.values(RUN_METRICS),
];
