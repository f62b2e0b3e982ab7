// Original file: proto/training.proto

import type { Join as _duet_v1_Join, Join__Output as _duet_v1_Join__Output } from '../../duet/v1/Join.js';
import type { Ready as _duet_v1_Ready, Ready__Output as _duet_v1_Ready__Output } from '../../duet/v1/Ready.js';
import type { Vote as _duet_v1_Vote, Vote__Output as _duet_v1_Vote__Output } from '../../duet/v1/Vote.js';
import type { Heartbeat as _duet_v1_Heartbeat, Heartbeat__Output as _duet_v1_Heartbeat__Output } from '../../duet/v1/Heartbeat.js';
import type { Samples as _duet_v1_Samples, Samples__Output as _duet_v1_Samples__Output } from '../../duet/v1/Samples.js';
import type { Failure as _duet_v1_Failure, Failure__Output as _duet_v1_Failure__Output } from '../../duet/v1/Failure.js';
import type { Trouble as _duet_v1_Trouble, Trouble__Output as _duet_v1_Trouble__Output } from '../../duet/v1/Trouble.js';

export interface WorkerMessage {
  'join'?: (_duet_v1_Join | null);
  'ready'?: (_duet_v1_Ready | null);
  'vote'?: (_duet_v1_Vote | null);
  'heartbeat'?: (_duet_v1_Heartbeat | null);
  'samples'?: (_duet_v1_Samples | null);
  'failure'?: (_duet_v1_Failure | null);
  'trouble'?: (_duet_v1_Trouble | null);
  'message'?: "join"|"ready"|"vote"|"heartbeat"|"samples"|"failure"|"trouble";
}

export interface WorkerMessage__Output {
  'join'?: (_duet_v1_Join__Output | null);
  'ready'?: (_duet_v1_Ready__Output | null);
  'vote'?: (_duet_v1_Vote__Output | null);
  'heartbeat'?: (_duet_v1_Heartbeat__Output | null);
  'samples'?: (_duet_v1_Samples__Output | null);
  'failure'?: (_duet_v1_Failure__Output | null);
  'trouble'?: (_duet_v1_Trouble__Output | null);
  'message'?: "join"|"ready"|"vote"|"heartbeat"|"samples"|"failure"|"trouble";
}
