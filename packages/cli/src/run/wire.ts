/** What goes over the wire, for `--debug`, `--log-file` and `--timing`, with secrets masked. */
import { createHash } from 'node:crypto';
import type { HttpAnswer, HttpRequest, Send } from '@octavia/client';

const SECRET_HEADERS = new Set(['x-auth-token', 'x-subject-token', 'authorization', 'x-service-token', 'set-cookie']);
const SECRET_FIELDS =
  /"(password|secret|passcode|application_credential_secret|access_token|client_secret|adminPass|token)"(\s*:\s*)"(?:[^"\\]|\\.)*"/g;
/** The body that gets a token holds the old one as its id. */
const TOKEN_IDS = /("token"\s*:\s*\{\s*"id"\s*:\s*)"[^"]*"/g;

/** The same secret has the same mark, so that lines can be told apart. */
const mark = (secret: string): string => `{SHA256}${createHash('sha256').update(secret).digest('hex')}`;

export const maskedBody = (body: string): string =>
  body.replace(SECRET_FIELDS, '"$1"$2"***"').replace(TOKEN_IDS, '$1"***"');

const headerLines = (headers: Record<string, string>): [string, string][] =>
  Object.entries(headers).map(([name, value]) => [name, SECRET_HEADERS.has(name.toLowerCase()) ? mark(value) : value]);

export const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The request as a command that makes it again; a secret has to be put in its place. */
function curlOf({ method, url, headers, body }: HttpRequest): string {
  const parts = ['curl', '-g', '-i', '-X', method, shellQuoted(url)];
  for (const [name, value] of headerLines(headers)) parts.push('-H', shellQuoted(`${name}: ${value}`));
  if (body !== undefined) parts.push('-d', shellQuoted(maskedBody(body)));
  return parts.join(' ');
}

const answerLines = ({ status, headers, body }: HttpAnswer): string[] => [
  `RESP: [${status}] ${headerLines(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join(' ')}`,
  `RESP BODY: ${maskedBody(body)}`,
];

/** @param say writes one line */
export const logged =
  (say: (line: string) => void) =>
  (send: Send): Send =>
  async (request) => {
    say(`REQ: ${curlOf(request)}`);
    const answer = await send(request);
    for (const line of answerLines(answer)) say(line);
    return answer;
  };

export interface Timing {
  url: string;
  seconds: number;
}

/** @param timings gets one more for each exchange */
export const timed =
  (timings: Timing[]) =>
  (send: Send): Send =>
  async (request) => {
    const started = performance.now();
    try {
      return await send(request);
    } finally {
      timings.push({ url: `${request.method} ${request.url}`, seconds: (performance.now() - started) / 1000 });
    }
  };
