/**
 * Imported first, it takes /proc away from a process, as macOS and Windows have none: whoever asks there hears that there is
 * no such file. For a process of its own: NODE_OPTIONS=--import URL-OF-THIS-FILE.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { existsSync, readFileSync, readlinkSync } = fs;
const isOfProc = (path: unknown) => typeof path === 'string' && /^\/proc(\/|$)/.test(path);
const assertElsewhere = (path: unknown) => {
  if (isOfProc(path))
    throw Object.assign(new Error(`ENOENT: no such file or directory, ${String(path)}`), { code: 'ENOENT' });
};

fs.existsSync = (path) => !isOfProc(path) && existsSync(path);
fs.readFileSync = ((...args: Parameters<typeof readFileSync>) => {
  assertElsewhere(args[0]);
  return readFileSync(...args);
}) as typeof readFileSync;
fs.readlinkSync = ((...args: Parameters<typeof readlinkSync>) => {
  assertElsewhere(args[0]);
  return readlinkSync(...args);
}) as typeof readlinkSync;
syncBuiltinESMExports();
