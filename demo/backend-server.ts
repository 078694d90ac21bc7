/** The program of one back end: answers every request with its name. Ends when its starter ends. */
import { createServer } from 'node:http';

const [name = 'back end', address = '127.0.0.1', port = '8080'] = process.argv.slice(2);
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(name);
});
server.listen(Number(port), address, () => process.stdout.write('ready\n'));
process.stdin.resume().on('end', () => process.exit(0));
