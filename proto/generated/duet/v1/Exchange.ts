// Original file: proto/training.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { TensorFrame as _duet_v1_TensorFrame, TensorFrame__Output as _duet_v1_TensorFrame__Output } from '../../duet/v1/TensorFrame.js';

export interface ExchangeClient extends grpc.Client {
  Exchange(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_TensorFrame, _duet_v1_TensorFrame__Output>;
  Exchange(options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_TensorFrame, _duet_v1_TensorFrame__Output>;
  exchange(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_TensorFrame, _duet_v1_TensorFrame__Output>;
  exchange(options?: grpc.CallOptions): grpc.ClientDuplexStream<_duet_v1_TensorFrame, _duet_v1_TensorFrame__Output>;
  
}

export interface ExchangeHandlers extends grpc.UntypedServiceImplementation {
  Exchange: grpc.handleBidiStreamingCall<_duet_v1_TensorFrame__Output, _duet_v1_TensorFrame>;
  
}

export interface ExchangeDefinition extends grpc.ServiceDefinition {
  Exchange: MethodDefinition<_duet_v1_TensorFrame, _duet_v1_TensorFrame, _duet_v1_TensorFrame__Output, _duet_v1_TensorFrame__Output>
}
