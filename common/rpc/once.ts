/** Words to everyone: the same message to many streams is turned into bytes once. */
import type { ServiceDefinition } from '@grpc/grpc-js';

/**
 * The service, with one method whose streams share the bytes of the newest message: whoever sends that very object next
 * sends them again. So a message is not to be changed once it was sent.
 *
 * @param name of the method; a service without it stays as it is
 */
export function serialisedOnce(service: ServiceDefinition, name: string): ServiceDefinition {
  const method = service[name];
  if (method === undefined) return service;
  return { ...service, [name]: { ...method, responseSerialize: once(method.responseSerialize) } };
}

function once(serialise: (message: object) => Buffer): (message: object) => Buffer {
  let newest: { message: object; bytes: Buffer } | undefined;
  return (message) => {
    if (newest?.message !== message) newest = { message, bytes: serialise(message) };
    return newest.bytes;
  };
}
