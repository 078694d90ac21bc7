/** A reader of server-sent events, as a test needs it. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Json } from '../api/support/api.ts';

export interface Received {
  id: string | null;
  event: string;
  data: Json;
}

export class SseReader {
  readonly received: Received[] = [];
  lastId: string | null = null;
  /** The connection is over. */
  readonly ended: Promise<void>;
  readonly #request: ClientRequest;
  #response: IncomingMessage | null = null;
  #text = '';
  #wake: () => void = () => undefined;

  private constructor(
    url: string,
    headers: Record<string, string>,
    opened: (status: number) => void,
    failed: (error: Error) => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#request = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false });
    this.#request.on('error', (error) => {
      failed(error);
      resolve();
      this.#wake();
    });
    this.#request.on('response', (response) => {
      this.#response = response;
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.#take(text));
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve();
        this.#wake();
      });
      opened(response.statusCode ?? 0);
    });
    this.#request.end();
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
    return new Promise((resolve, reject) => {
      const reader: SseReader = new SseReader(
        url,
        headers,
        (status) => (status === 200 ? resolve(reader) : reject(new Error(`status ${status}`))),
        reject,
      );
    });
  }

  #take(text: string): void {
    this.#text += text;
    const frames = this.#text.split('\n\n');
    this.#text = frames.pop() ?? '';
    for (const frame of frames) {
      let [id, event, data]: [string | null, string, string | null] = [null, 'message', null];
      for (const line of frame.split('\n')) {
        if (line.startsWith('id: ')) id = line.slice(4);
        if (line.startsWith('event: ')) event = line.slice(7);
        if (line.startsWith('data: ')) data = line.slice(6);
      }
      if (id !== null) this.lastId = id;
      if (data !== null) this.received.push({ id, event, data: JSON.parse(data) });
    }
    this.#wake();
  }

  /** What happened, without what the stream says about itself. */
  get events(): Json[] {
    return this.received.filter(({ event }) => event === 'message').map(({ data }) => data);
  }

  /** Waits until the reader has heard what is looked for. */
  async until(isThere: (reader: SseReader) => boolean): Promise<void> {
    let isOver = false;
    void this.ended.then(() => {
      isOver = true;
      this.#wake();
    });
    while (!isThere(this)) {
      if (isOver) throw new Error(`The stream ended: ${JSON.stringify(this.received.at(-1))}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Takes nothing more from the connection. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  close(): void {
    this.#request.destroy();
  }
}
