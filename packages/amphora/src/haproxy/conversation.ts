/**
 * Several commands over one connection to HAProxy's socket. The process at the other end does not end as long as it is open,
 * even if another one has taken its place. Source: HAProxy 2.6 management guide, 9.3.
 */
import { createConnection, type Socket } from 'node:net';

const PROMPT = '\n> ';
/** Seconds without a command after which HAProxy hangs up; 10 unless told. */
const PATIENCE = 120;

export class Conversation {
  readonly #socket: Socket;
  #text = '';
  #heard: () => void = () => {};
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
      this.#heard();
    });
    socket.on('error', (error) => {
      this.#failure = error;
    });
    socket.on('close', () => {
      this.#failure ??= new Error('HAProxy has hung up');
      this.#heard();
    });
  }

  /** @throws Error when nobody answers */
  static async open(path: string, timeoutMs: number): Promise<Conversation> {
    const conversation = new Conversation(createConnection(path));
    try {
      await conversation.ask('prompt', timeoutMs);
      await conversation.ask(`set timeout cli ${PATIENCE}`, timeoutMs);
      return conversation;
    } catch (error) {
      conversation.close();
      throw error;
    }
  }

  /** One command at a time. @throws Error when there is no answer */
  ask(command: string, timeoutMs: number): Promise<string> {
    this.#text = '';
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      this.#heard = () => {
        if (!this.#text.endsWith(PROMPT) && this.#failure === null) return;
        clearTimeout(timer);
        this.#heard = () => {};
        if (this.#failure === null) resolve(this.#text.slice(0, -PROMPT.length));
        else reject(this.#failure);
      };
      this.#socket.write(`${command}\n`);
      this.#heard();
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
