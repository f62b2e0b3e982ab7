/** A terminal for a command, made by Python, as somebody sits at it. */
import { spawnSync } from 'node:child_process';

/** What is drawn over on the screen from there. */
export const CLEAR = '\x1b[J';

const PTY = `
import os, pty, sys
seen, looks = b'', int(sys.argv[1])
def read(fd):
    global seen, looks
    data = os.read(fd, 65536)
    seen += data
    if looks > 0 and seen.count(b'${CLEAR}') >= looks:
        looks = 0
        os.write(fd, b'\\x03')
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read, lambda fd: b'')))
`;

/** Why a test of a terminal is skipped; false: it is not. */
export const NO_TERMINAL =
  spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0
    ? false
    : 'python3 (3.9 or later) makes the terminal: apt-get install python3';

/** @param interruptAfter sends Ctrl-C once it has cleared the screen so often */
export function onTerminal(command: readonly string[], { interruptAfter = 0 } = {}) {
  return spawnSync('python3', ['-c', PTY, String(interruptAfter), ...command], { encoding: 'utf8', timeout: 60_000 });
}
