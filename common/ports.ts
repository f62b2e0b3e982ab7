/** A port that something else may have. */
import { createServer } from 'node:net';
import { UsageError } from './errors.js';

/** grpc-js lets a second server share a port in some systems; a plain socket finds out. */
export function isPortTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    probe.listen(port, host, () => probe.close(() => resolve(false)));
  });
}

export function portInUse(host: string, port: number): UsageError {
  return new UsageError(
    `port ${port} on ${host} is in use (another run?): choose another with --port, or --port 0 for any free one`,
  );
}
