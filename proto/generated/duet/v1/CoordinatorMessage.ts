// Original file: proto/training.proto

import type { Assign as _duet_v1_Assign, Assign__Output as _duet_v1_Assign__Output } from '../../duet/v1/Assign.js';
import type { Begin as _duet_v1_Begin, Begin__Output as _duet_v1_Begin__Output } from '../../duet/v1/Begin.js';
import type { Commit as _duet_v1_Commit, Commit__Output as _duet_v1_Commit__Output } from '../../duet/v1/Commit.js';
import type { Stop as _duet_v1_Stop, Stop__Output as _duet_v1_Stop__Output } from '../../duet/v1/Stop.js';
import type { Refused as _duet_v1_Refused, Refused__Output as _duet_v1_Refused__Output } from '../../duet/v1/Refused.js';
import type { Restore as _duet_v1_Restore, Restore__Output as _duet_v1_Restore__Output } from '../../duet/v1/Restore.js';
import type { Standby as _duet_v1_Standby, Standby__Output as _duet_v1_Standby__Output } from '../../duet/v1/Standby.js';
import type { Fault as _duet_v1_Fault, Fault__Output as _duet_v1_Fault__Output } from '../../duet/v1/Fault.js';

export interface CoordinatorMessage {
  'assign'?: (_duet_v1_Assign | null);
  'begin'?: (_duet_v1_Begin | null);
  'commit'?: (_duet_v1_Commit | null);
  'stop'?: (_duet_v1_Stop | null);
  'refused'?: (_duet_v1_Refused | null);
  'restore'?: (_duet_v1_Restore | null);
  'standby'?: (_duet_v1_Standby | null);
  'fault'?: (_duet_v1_Fault | null);
  'message'?: "assign"|"begin"|"commit"|"stop"|"refused"|"restore"|"standby"|"fault";
}

export interface CoordinatorMessage__Output {
  'assign'?: (_duet_v1_Assign__Output | null);
  'begin'?: (_duet_v1_Begin__Output | null);
  'commit'?: (_duet_v1_Commit__Output | null);
  'stop'?: (_duet_v1_Stop__Output | null);
  'refused'?: (_duet_v1_Refused__Output | null);
  'restore'?: (_duet_v1_Restore__Output | null);
  'standby'?: (_duet_v1_Standby__Output | null);
  'fault'?: (_duet_v1_Fault__Output | null);
  'message'?: "assign"|"begin"|"commit"|"stop"|"refused"|"restore"|"standby"|"fault";
}
