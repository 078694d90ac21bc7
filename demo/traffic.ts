import { request } from 'node:http';

export interface Answer {
  /** HTTP status; null when there was no answer. */
  status: number | null;
  /** The body, or why there was no answer. */
  text: string;
}

/** One GET on a connection of its own. Never rejects. */
export function get(address: string, port = 80, timeoutMs = 5_000): Promise<Answer> {
  return new Promise((resolve) => {
    const call = request({ host: address, port, path: '/', agent: false, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? null, text }));
      response.on('error', (error) => resolve({ status: null, text: error.message }));
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.on('error', (error) => resolve({ status: null, text: error.message }));
    call.end();
  });
}

export interface Tally {
  /** Answers with status 200, by body. */
  byBackend: Map<string, number>;
  failed: Answer[];
}

export async function sendRequests(address: string, count: number, port = 80): Promise<Tally> {
  const tally: Tally = { byBackend: new Map(), failed: [] };
  for (let sent = 0; sent < count; sent += 1) {
    const answer = await get(address, port);
    if (answer.status === 200) tally.byBackend.set(answer.text, (tally.byBackend.get(answer.text) ?? 0) + 1);
    else tally.failed.push(answer);
  }
  return tally;
}

/** Asks until the answer satisfies the test. @throws Error after the time limit, with the last answer */
export async function waitForAnswer(
  address: string,
  test: (answer: Answer) => boolean,
  { port = 80, timeoutMs = 30_000, pauseMs = 10 } = {},
): Promise<Answer> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await get(address, port, 1_000);
    if (test(answer)) return answer;
    if (Date.now() > until) {
      throw new Error(`${address}:${port} still answers ${answer.status ?? 'nothing'} (${answer.text.slice(0, 100)})`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
