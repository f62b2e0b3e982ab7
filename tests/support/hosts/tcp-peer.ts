/** A process for tests of links: `listen` answers every line with itself; `ask ADDRESS` sends a line each time it is told one. */
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PORT = 7000;
const [role = '', address = ''] = process.argv.slice(2);

if (role === 'listen') {
  createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(PORT, () => console.log('ready'));
} else {
  const socket = connect(PORT, address, () => console.log('ready'));
  socket.setNoDelay(true);
  socket.on('error', (error) => console.log(`error ${error.message}`));
  createInterface({ input: socket }).on('line', (line) => console.log(line));
  createInterface({ input: process.stdin }).on('line', (line) => socket.write(`${line}\n`));
}
