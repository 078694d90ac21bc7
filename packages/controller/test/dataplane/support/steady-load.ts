/**
 * A client that asks at a fixed rate, whatever the answers do: most requests over a few connections that are kept, each
 * tenth with a handshake of its own. It does not ask again when something fails: that is counted.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const CLIENT = `
const [url, rate] = process.argv.slice(1);
const { request, Agent } = url.startsWith('https') ? require('node:https') : require('node:http');
const kept = new Agent({ keepAlive: true, maxSockets: 8, rejectUnauthorized: false });
const failures = [];
const fingerprints = [];
const bodies = {};
let sent = 0, answered = 0, pending = 0, slowest = 0, over = false;
const stop = () => { over = true; if (pending === 0) report(); };
const report = () => {
  process.stdout.write(JSON.stringify({ sent, answered, failures, fingerprints, bodies, slowest }) + '\\n', () => process.exit(0));
};
function ask() {
  const fresh = sent % 10 === 0;
  const begun = Date.now();
  sent += 1;
  pending += 1;
  const done = (failure) => {
    pending -= 1;
    slowest = Math.max(slowest, Date.now() - begun);
    if (failure === null) answered += 1;
    else failures.push(begun + ' ' + failure + (fresh ? ' (new connection)' : ''));
    if (over && pending === 0) report();
  };
  const agent = fresh ? new Agent({ rejectUnauthorized: false, maxCachedSessions: 0 }) : kept;
  const outgoing = request(url, { agent, timeout: 5000 }, (answer) => {
    let body = '';
    answer.setEncoding('utf8').on('data', (text) => { body += text; });
    answer.on('error', (error) => done('in the answer: ' + error.code));
    answer.on('end', () => {
      bodies[body] = (bodies[body] ?? 0) + 1;
      if (fresh && answer.socket.getPeerX509Certificate) {
        const { fingerprint256 } = answer.socket.getPeerX509Certificate();
        fingerprints.push([begun, fingerprint256]);
      }
      done(answer.statusCode === 200 ? null : 'status ' + answer.statusCode);
    });
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 5 s')));
  outgoing.on('error', (error) => done((error.code ?? error.message) + (outgoing.reusedSocket ? ' (kept connection)' : '')));
  outgoing.end();
}
const began = Date.now();
setInterval(() => { while (!over && sent < (Date.now() - began) * rate / 1000) ask(); }, 5);
process.on('SIGTERM', stop);
`;

export interface LoadResult {
  sent: number;
  answered: number;
  /** Time (ms) and cause. */
  failures: string[];
  /** Of new connections: when they were begun (ms), and the certificate that was presented. */
  fingerprints: [number, string][];
  /** How often each body came. */
  bodies: Record<string, number>;
  /** Milliseconds. */
  slowest: number;
}

export class SteadyLoad {
  readonly #child: ChildProcess;
  #output = '';

  /**
   * @param spawn starts a command where the client shall be
   * @param rate requests a second
   */
  constructor(spawn: (...command: string[]) => ChildProcess, url: string, rate: number) {
    this.#child = spawn(process.execPath, '-e', CLIENT, url, String(rate));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
  }

  /** Waits for the answers that are still to come. */
  async end(): Promise<LoadResult> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
    return JSON.parse(this.#output) as LoadResult;
  }
}
