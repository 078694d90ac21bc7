/** Asks a driver over the driver protocol, with built-in modules alone. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isAbsolute } from 'node:path';

export interface TlsFiles {
  ca?: string | undefined;
  certificate?: string | undefined;
  key?: string | undefined;
}

export interface Reply {
  status: number;
  text: string;
}

/** Why there is no reply. */
export class NoReply extends Error {
  readonly why: 'late' | 'broke' | 'unreached';

  constructor(why: NoReply['why'], text: string) {
    super(text);
    this.why = why;
  }
}

const UNREACHED = ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
/** An answer takes a few hundred bytes. */
const LONGEST_ANSWER = 1024 * 1024;

export class Channel {
  readonly #options: RequestOptions;
  readonly #request: typeof httpRequest;

  /** @param address `unix:/path` or `https://host:port` @throws Error in words for whoever gave it */
  constructor(address: string, files: TlsFiles = {}) {
    const path = address.startsWith('unix:') ? address.slice('unix:'.length) : null;
    if (path !== null) {
      if (!isAbsolute(path)) throw new Error(`${address} is no absolute path.`);
      this.#options = { socketPath: path };
      this.#request = httpRequest;
      return;
    }
    const { hostname, port, protocol } = new URL(address);
    if (protocol !== 'https:') throw new Error(`${address} is neither unix:/path nor https://host:port.`);
    const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, 'utf8'));
    const [ca, cert, key] = [read(files.ca), read(files.certificate), read(files.key)];
    if (ca === undefined || cert === undefined || key === undefined) {
      throw new Error(`${address} needs --ca, --certificate and --key.`);
    }
    const host = hostname.replace(/^\[|\]$/g, '');
    this.#options = { host, port, ...{ ca, cert, key, minVersion: 'TLSv1.2' } };
    this.#request = httpsRequest;
  }

  /** @throws NoReply */
  ask(method: 'GET' | 'POST', path: string, body: string | null, timeoutMs: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers =
        body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      let isLate = false;
      const request = this.#request({ ...this.#options, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          if (text.length > LONGEST_ANSWER) response.destroy(new Error(`It is longer than ${LONGEST_ANSWER} bytes.`));
        });
        response.once('error', failed);
        response.once('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      const timer = setTimeout(() => {
        isLate = true;
        request.destroy();
      }, timeoutMs);
      const failed = (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        const text = `${error.code ?? ''} ${error.message}`.trim();
        if (isLate) reject(new NoReply('late', `There was no answer within ${timeoutMs} ms.`));
        else reject(new NoReply(UNREACHED.includes(error.code ?? '') ? 'unreached' : 'broke', text));
      };
      request.once('error', failed);
      request.end(body ?? undefined);
    });
  }
}
