/**
 * The web server in front of the API: serves it below /load-balancer like a cloud does. With one endpoint for everything the
 * client asks here for other services, too: there is no identity service, and 403 makes the client take the name of a project
 * for its id; of the network service there is as much as it takes to find a subnet by its id.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

const PREFIX = '/load-balancer';

/** @returns the endpoint for clients, and what to close */
export async function startFront(apiPort: number): Promise<{ endpoint: string; server: Server }> {
  const server = createServer((incoming, answer) => {
    const path = incoming.url ?? '/';
    if (!/^\/load-balancer\/(?:$|v2(?:\.0)?\/(?:lbaas|octavia)\/)/.test(path)) return answerForOthers(incoming, answer);
    const headers = {
      ...incoming.headers,
      'x-forwarded-proto': 'http',
      'x-forwarded-host': incoming.headers.host ?? '',
      'x-forwarded-prefix': PREFIX,
    };
    const options = {
      port: apiPort,
      host: '127.0.0.1',
      method: incoming.method,
      path: path.slice(PREFIX.length),
      headers,
    };
    const onward = request(options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', (error) => answer.writeHead(502).end(error.message));
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The front server has no port.');
  return { endpoint: `http://127.0.0.1:${address.port}${PREFIX}`, server };
}

function answerForOthers({ url = '' }: IncomingMessage, answer: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://front');
  const isSubnets = pathname.endsWith('/v2.0/subnets');
  const id = searchParams.get('id') ?? '';
  const body = isSubnets
    ? { subnets: id === '' ? [] : [{ id, name: '' }] }
    : { error: { code: 403, title: 'Forbidden' } };
  answer.writeHead(isSubnets ? 200 : 403, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
