/** Runs command lines against answers that a test plays. */
import { Api, type HttpAnswer, type HttpRequest, UnreachableError } from '@octavia/client';
import { carryOut } from '../src/run/run.ts';
import type { Surroundings } from '../src/surroundings.ts';
import { understand } from '../src/understand.ts';
import { wordsOf } from './lines.ts';

/** `away`: nobody answers. */
export type Answer = { status?: number; body?: unknown; text?: string; headers?: Record<string, string> } | 'away';

export interface Played {
  /** What the program is called. */
  name?: string;
  /** Whether standard output and error are terminals. */
  terminal?: boolean;
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** Told of every request before it is answered. */
  asked?: (request: string) => void;
  /** Told of everything that is written. */
  written?: (text: string) => void;
}

/** Runs a line against answers by `METHOD path?query`; what is not among them is 404. */
export async function run(line: string, answers: Record<string, Answer | Answer[]>, played: Played = {}) {
  const seen = { code: 0, out: '', err: '', requests: [] as string[], bodies: [] as unknown[] };
  const surroundings: Surroundings = {
    name: played.name ?? 'octavia',
    env: played.env ?? {},
    out: (text) => {
      seen.out += text;
      played.written?.(text);
    },
    err: (text) => {
      seen.err += text;
      played.written?.(text);
    },
    terminal: () => (played.terminal ? 80 : null),
    rows: () => (played.terminal ? 24 : null),
    errIsTerminal: () => played.terminal === true,
    ...(played.signal === undefined ? {} : { signal: played.signal }),
  };
  const send = async ({ method, url, body }: HttpRequest): Promise<HttpAnswer> => {
    const { pathname, search } = new URL(url);
    const key = `${method} ${pathname}${decodeURIComponent(search)}`;
    seen.requests.push(key);
    played.asked?.(key);
    if (body !== undefined) seen.bodies.push(JSON.parse(body));
    const found = answers[key];
    const answer = (Array.isArray(found) ? (found.length > 1 ? found.shift() : found[0]) : found) ?? {
      status: 404,
      body: { faultstring: 'not here' },
    };
    if (answer === 'away')
      throw new UnreachableError('http://api cannot be reached: refused', { mayHaveArrived: false });
    const { status = 200, headers = {}, text = answer.body === undefined ? '' : JSON.stringify(answer.body) } = answer;
    return { status, headers: { 'x-openstack-request-id': 'req-1', ...headers }, body: text };
  };
  const understood = await understand(wordsOf(line), surroundings);
  if (typeof understood === 'number') return { ...seen, code: understood };
  const code = await carryOut(understood, surroundings, (_surroundings, _globals, around) => {
    const api = async (): Promise<Api> => new Api({ baseUrl: 'http://api', send: around(send), retries: 0 });
    return { loadBalancing: api, network: api, identity: api };
  });
  return { ...seen, code };
}
