/** A port that something else may have. */
import { createServer } from 'node:net';
import { UsageError } from '../errors.js';

/** Whether listening failed since somebody has the port; in Windows also the system, which keeps whole ranges for Hyper-V and WSL. */
export function isTaken(error: unknown, platform: string = process.platform): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || (code === 'EACCES' && platform === 'win32');
}

/** grpc-js lets a second server share a port in some systems; a plain socket finds out. */
export function isPortTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(isTaken(error)));
    probe.listen(port, host, () => probe.close(() => resolve(false)));
  });
}

export function portInUse(host: string, port: number): UsageError {
  return new UsageError(
    `port ${port} on ${host} is in use (another run?): choose another with --port, or --port 0 for any free one`,
  );
}
