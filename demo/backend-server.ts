/**
 * The program of one back end: answers every request with its name, and gives a session to who asks `/session` without one.
 * Ends when its starter ends.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const [name = 'back end', address = '127.0.0.1', port = '8080'] = process.argv.slice(2);
const server = createServer(({ url, headers }, response) => {
  response.setHeader('content-type', 'text/plain');
  if (url === '/session' && headers.cookie === undefined)
    response.setHeader('set-cookie', `sid=${randomUUID()}; Path=/`);
  response.end(name);
});
server.listen(Number(port), address, () => process.stdout.write('ready\n'));
process.stdin.resume().on('end', () => process.exit(0));
