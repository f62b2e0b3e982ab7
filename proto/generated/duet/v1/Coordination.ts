// Original file: proto/training.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CoordinatorMessage as _duet_v1_CoordinatorMessage, CoordinatorMessage__Output as _duet_v1_CoordinatorMessage__Output } from '../../duet/v1/CoordinatorMessage.js';
import type { Fault as _duet_v1_Fault, Fault__Output as _duet_v1_Fault__Output } from '../../duet/v1/Fault.js';
import type { FaultInjected as _duet_v1_FaultInjected, FaultInjected__Output as _duet_v1_FaultInjected__Output } from '../../duet/v1/FaultInjected.js';
import type { LoadStateRequest as _duet_v1_LoadStateRequest, LoadStateRequest__Output as _duet_v1_LoadStateRequest__Output } from '../../duet/v1/LoadStateRequest.js';
import type { StateChunk as _duet_v1_StateChunk, StateChunk__Output as _duet_v1_StateChunk__Output } from '../../duet/v1/StateChunk.js';
import type { StateSaved as _duet_v1_StateSaved, StateSaved__Output as _duet_v1_StateSaved__Output } from '../../duet/v1/StateSaved.js';
import type { WorkerMessage as _duet_v1_WorkerMessage, WorkerMessage__Output as _duet_v1_WorkerMessage__Output } from '../../duet/v1/WorkerMessage.js';

export interface CoordinationClient extends grpc.Client {
  Chaos(argument: _duet_v1_Fault, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  Chaos(argument: _duet_v1_Fault, metadata: grpc.Metadata, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  Chaos(argument: _duet_v1_Fault, options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  Chaos(argument: _duet_v1_Fault, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  chaos(argument: _duet_v1_Fault, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  chaos(argument: _duet_v1_Fault, metadata: grpc.Metadata, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  chaos(argument: _duet_v1_Fault, options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  chaos(argument: _duet_v1_Fault, callback: grpc.requestCallback<_duet_v1_FaultInjected__Output>): grpc.ClientUnaryCall;
  
  Control(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_WorkerMessage, _duet_v1_CoordinatorMessage__Output>;
  Control(options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_WorkerMessage, _duet_v1_CoordinatorMessage__Output>;
  control(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_WorkerMessage, _duet_v1_CoordinatorMessage__Output>;
  control(options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_WorkerMessage, _duet_v1_CoordinatorMessage__Output>;
  
  LoadState(argument: _duet_v1_LoadStateRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_duet_v1_StateChunk__Output>;
  LoadState(argument: _duet_v1_LoadStateRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_duet_v1_StateChunk__Output>;
  loadState(argument: _duet_v1_LoadStateRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_duet_v1_StateChunk__Output>;
  loadState(argument: _duet_v1_LoadStateRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_duet_v1_StateChunk__Output>;
  
  SaveState(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  SaveState(metadata: grpc.Metadata, callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  SaveState(options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  SaveState(callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  saveState(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  saveState(metadata: grpc.Metadata, callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  saveState(options: grpc.CallOptions, callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  saveState(callback: grpc.requestCallback<_duet_v1_StateSaved__Output>): grpc.ClientWritableStream<_duet_v1_StateChunk>;
  
}

export interface CoordinationHandlers extends grpc.UntypedServiceImplementation {
  Chaos: grpc.handleUnaryCall<_duet_v1_Fault__Output, _duet_v1_FaultInjected>;
  
  Control: grpc.handleBidiStreamingCall<_duet_v1_WorkerMessage__Output, _duet_v1_CoordinatorMessage>;
  
  LoadState: grpc.handleServerStreamingCall<_duet_v1_LoadStateRequest__Output, _duet_v1_StateChunk>;
  
  SaveState: grpc.handleClientStreamingCall<_duet_v1_StateChunk__Output, _duet_v1_StateSaved>;
  
}

export interface CoordinationDefinition extends grpc.ServiceDefinition {
  Chaos: MethodDefinition<_duet_v1_Fault, _duet_v1_FaultInjected, _duet_v1_Fault__Output, _duet_v1_FaultInjected__Output>
  Control: MethodDefinition<_duet_v1_WorkerMessage, _duet_v1_CoordinatorMessage, _duet_v1_WorkerMessage__Output, _duet_v1_CoordinatorMessage__Output>
  LoadState: MethodDefinition<_duet_v1_LoadStateRequest, _duet_v1_StateChunk, _duet_v1_LoadStateRequest__Output, _duet_v1_StateChunk__Output>
  SaveState: MethodDefinition<_duet_v1_StateChunk, _duet_v1_StateSaved, _duet_v1_StateChunk__Output, _duet_v1_StateSaved__Output>
}
