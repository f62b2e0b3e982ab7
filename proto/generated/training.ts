import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Assign as _duet_v1_Assign, Assign__Output as _duet_v1_Assign__Output } from './duet/v1/Assign.js';
import type { Begin as _duet_v1_Begin, Begin__Output as _duet_v1_Begin__Output } from './duet/v1/Begin.js';
import type { Commit as _duet_v1_Commit, Commit__Output as _duet_v1_Commit__Output } from './duet/v1/Commit.js';
import type { CoordinationClient as _duet_v1_CoordinationClient, CoordinationDefinition as _duet_v1_CoordinationDefinition } from './duet/v1/Coordination.js';
import type { CoordinatorMessage as _duet_v1_CoordinatorMessage, CoordinatorMessage__Output as _duet_v1_CoordinatorMessage__Output } from './duet/v1/CoordinatorMessage.js';
import type { ExchangeClient as _duet_v1_ExchangeClient, ExchangeDefinition as _duet_v1_ExchangeDefinition } from './duet/v1/Exchange.js';
import type { Failure as _duet_v1_Failure, Failure__Output as _duet_v1_Failure__Output } from './duet/v1/Failure.js';
import type { Fault as _duet_v1_Fault, Fault__Output as _duet_v1_Fault__Output } from './duet/v1/Fault.js';
import type { FaultInjected as _duet_v1_FaultInjected, FaultInjected__Output as _duet_v1_FaultInjected__Output } from './duet/v1/FaultInjected.js';
import type { Heartbeat as _duet_v1_Heartbeat, Heartbeat__Output as _duet_v1_Heartbeat__Output } from './duet/v1/Heartbeat.js';
import type { Join as _duet_v1_Join, Join__Output as _duet_v1_Join__Output } from './duet/v1/Join.js';
import type { LoadStateRequest as _duet_v1_LoadStateRequest, LoadStateRequest__Output as _duet_v1_LoadStateRequest__Output } from './duet/v1/LoadStateRequest.js';
import type { Peer as _duet_v1_Peer, Peer__Output as _duet_v1_Peer__Output } from './duet/v1/Peer.js';
import type { Phase as _duet_v1_Phase, Phase__Output as _duet_v1_Phase__Output } from './duet/v1/Phase.js';
import type { Pulse as _duet_v1_Pulse, Pulse__Output as _duet_v1_Pulse__Output } from './duet/v1/Pulse.js';
import type { Ready as _duet_v1_Ready, Ready__Output as _duet_v1_Ready__Output } from './duet/v1/Ready.js';
import type { Refused as _duet_v1_Refused, Refused__Output as _duet_v1_Refused__Output } from './duet/v1/Refused.js';
import type { Restore as _duet_v1_Restore, Restore__Output as _duet_v1_Restore__Output } from './duet/v1/Restore.js';
import type { Samples as _duet_v1_Samples, Samples__Output as _duet_v1_Samples__Output } from './duet/v1/Samples.js';
import type { Signals as _duet_v1_Signals, Signals__Output as _duet_v1_Signals__Output } from './duet/v1/Signals.js';
import type { Standby as _duet_v1_Standby, Standby__Output as _duet_v1_Standby__Output } from './duet/v1/Standby.js';
import type { StateChunk as _duet_v1_StateChunk, StateChunk__Output as _duet_v1_StateChunk__Output } from './duet/v1/StateChunk.js';
import type { StateHeader as _duet_v1_StateHeader, StateHeader__Output as _duet_v1_StateHeader__Output } from './duet/v1/StateHeader.js';
import type { StateSaved as _duet_v1_StateSaved, StateSaved__Output as _duet_v1_StateSaved__Output } from './duet/v1/StateSaved.js';
import type { Stop as _duet_v1_Stop, Stop__Output as _duet_v1_Stop__Output } from './duet/v1/Stop.js';
import type { TensorFrame as _duet_v1_TensorFrame, TensorFrame__Output as _duet_v1_TensorFrame__Output } from './duet/v1/TensorFrame.js';
import type { TensorHeader as _duet_v1_TensorHeader, TensorHeader__Output as _duet_v1_TensorHeader__Output } from './duet/v1/TensorHeader.js';
import type { Trouble as _duet_v1_Trouble, Trouble__Output as _duet_v1_Trouble__Output } from './duet/v1/Trouble.js';
import type { Vote as _duet_v1_Vote, Vote__Output as _duet_v1_Vote__Output } from './duet/v1/Vote.js';
import type { WorkerMessage as _duet_v1_WorkerMessage, WorkerMessage__Output as _duet_v1_WorkerMessage__Output } from './duet/v1/WorkerMessage.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  duet: {
    v1: {
      Assign: MessageTypeDefinition<_duet_v1_Assign, _duet_v1_Assign__Output>
      Begin: MessageTypeDefinition<_duet_v1_Begin, _duet_v1_Begin__Output>
      Commit: MessageTypeDefinition<_duet_v1_Commit, _duet_v1_Commit__Output>
      Coordination: SubtypeConstructor<typeof grpc.Client, _duet_v1_CoordinationClient> & { service: _duet_v1_CoordinationDefinition }
      CoordinatorMessage: MessageTypeDefinition<_duet_v1_CoordinatorMessage, _duet_v1_CoordinatorMessage__Output>
      Exchange: SubtypeConstructor<typeof grpc.Client, _duet_v1_ExchangeClient> & { service: _duet_v1_ExchangeDefinition }
      Failure: MessageTypeDefinition<_duet_v1_Failure, _duet_v1_Failure__Output>
      Fault: MessageTypeDefinition<_duet_v1_Fault, _duet_v1_Fault__Output>
      FaultInjected: MessageTypeDefinition<_duet_v1_FaultInjected, _duet_v1_FaultInjected__Output>
      Heartbeat: MessageTypeDefinition<_duet_v1_Heartbeat, _duet_v1_Heartbeat__Output>
      Join: MessageTypeDefinition<_duet_v1_Join, _duet_v1_Join__Output>
      LoadStateRequest: MessageTypeDefinition<_duet_v1_LoadStateRequest, _duet_v1_LoadStateRequest__Output>
      Peer: MessageTypeDefinition<_duet_v1_Peer, _duet_v1_Peer__Output>
      Phase: MessageTypeDefinition<_duet_v1_Phase, _duet_v1_Phase__Output>
      Pulse: MessageTypeDefinition<_duet_v1_Pulse, _duet_v1_Pulse__Output>
      Ready: MessageTypeDefinition<_duet_v1_Ready, _duet_v1_Ready__Output>
      Refused: MessageTypeDefinition<_duet_v1_Refused, _duet_v1_Refused__Output>
      Restore: MessageTypeDefinition<_duet_v1_Restore, _duet_v1_Restore__Output>
      Samples: MessageTypeDefinition<_duet_v1_Samples, _duet_v1_Samples__Output>
      Signals: MessageTypeDefinition<_duet_v1_Signals, _duet_v1_Signals__Output>
      Standby: MessageTypeDefinition<_duet_v1_Standby, _duet_v1_Standby__Output>
      StateChunk: MessageTypeDefinition<_duet_v1_StateChunk, _duet_v1_StateChunk__Output>
      StateHeader: MessageTypeDefinition<_duet_v1_StateHeader, _duet_v1_StateHeader__Output>
      StateSaved: MessageTypeDefinition<_duet_v1_StateSaved, _duet_v1_StateSaved__Output>
      Stop: MessageTypeDefinition<_duet_v1_Stop, _duet_v1_Stop__Output>
      TensorFrame: MessageTypeDefinition<_duet_v1_TensorFrame, _duet_v1_TensorFrame__Output>
      TensorHeader: MessageTypeDefinition<_duet_v1_TensorHeader, _duet_v1_TensorHeader__Output>
      Trouble: MessageTypeDefinition<_duet_v1_Trouble, _duet_v1_Trouble__Output>
      Vote: MessageTypeDefinition<_duet_v1_Vote, _duet_v1_Vote__Output>
      WorkerMessage: MessageTypeDefinition<_duet_v1_WorkerMessage, _duet_v1_WorkerMessage__Output>
    }
  }
}

