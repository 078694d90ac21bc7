/** The way to one driver: HTTP/1.1 over a unix socket or mutual TLS. */
import { readFileSync } from 'node:fs';
import { DriverError } from '@octavia/provider-lib';
import {
  greetingOf,
  LONGEST_ANSWER,
  type Method,
  nonsense,
  requestBody,
  resultOf,
} from '@octavia/provider-lib/driver-protocol';
import { Pool } from 'undici';

export interface TlsFiles {
  ca: string | null;
  certificate: string | null;
  key: string | null;
}

/** A driver that did not answer in time; it may still be at it. */
export class DeadlinePassed extends DriverError {
  override name = 'DriverError';
}

const CONNECT_MS = 5000;
const HTTP_OK = 200;

export class Channel {
  readonly #pool: Pool;
  #greeted: Promise<unknown> | null = null;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  static unix(socketPath: string, connections: number): Channel {
    return new Channel(new Pool('http://driver', { ...LIMITS, connections, connect: { socketPath } }));
  }

  /** @param origin `https://host:port` @throws Error where a file cannot be read */
  static tls(origin: string, files: TlsFiles, connections: number): Channel {
    const read = (file: string | null) => (file === null ? {} : { text: readFileSync(file, 'utf8') });
    const [ca, cert, key] = [read(files.ca), read(files.certificate), read(files.key)].map(({ text }) => text);
    const connect = {
      timeout: CONNECT_MS,
      minVersion: 'TLSv1.2' as const,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    return new Channel(new Pool(origin, { ...LIMITS, connections, connect }));
  }

  /** @throws what the driver raises; DeadlinePassed; DriverError where the way to it is cut */
  async call(method: Method, given: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const since = performance.now();
    const left = () => Math.max(1, Math.ceil(timeoutMs - (performance.now() - since)));
    // Who answers is asked once, and again after anything that looks like another driver since.
    this.#greeted ??= this.greet(left());
    try {
      await this.#greeted;
    } catch (error) {
      this.#greeted = null;
      throw error;
    }
    try {
      return resultOf(await this.#request('POST', `/v1/${method}`, requestBody(method, given, left()), left()));
    } catch (error) {
      if (error instanceof CutOff) this.#greeted = null;
      throw error;
    }
  }

  /** @returns how many calls the driver is busy with */
  async greet(timeoutMs: number): Promise<number> {
    return greetingOf(await this.#request('GET', '/', null, timeoutMs));
  }

  async #request(method: 'GET' | 'POST', path: string, body: string | null, timeoutMs: number): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = body === null ? {} : { 'content-type': 'application/json' };
    try {
      const answer = await this.#pool.request({ method, path, body, signal, headers });
      const text = await answer.body.text();
      // Refused requests carry an error, too.
      if (answer.statusCode !== HTTP_OK && !text.startsWith('{')) throw nonsense(`status ${answer.statusCode}`);
      return text;
    } catch (error) {
      throw faultOf(error, signal.aborted);
    }
  }

  /** Calls under way fail. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The deadline of the call is the only one. */
const LIMITS = { headersTimeout: 0, bodyTimeout: 0, pipelining: 1, maxResponseSize: LONGEST_ANSWER };

/** Errors of drivers are known by their name. */
class CutOff extends DriverError {
  override name = 'DriverError';
}

/** No connection: the driver cannot have seen the call. */
const UNREACHED = ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

function faultOf(error: unknown, isLate: boolean): unknown {
  if (error instanceof DriverError) return error;
  if (isLate) return new DeadlinePassed({ user_fault_string: 'The driver did not answer in time.' });
  const { code = '', name, message } = error as NodeJS.ErrnoException;
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return nonsense(`it is longer than ${LONGEST_ANSWER} bytes`);
  if (name === 'HTTPParserError') return nonsense(`it is not HTTP: ${message}`);
  const isCertificate = /CERT|TLS|SSL/.test(code);
  const user = UNREACHED.includes(code)
    ? 'The driver cannot be reached.'
    : isCertificate
      ? 'The driver and this API do not trust each other.'
      : 'The connection to the driver broke during the call.';
  return new CutOff(
    { user_fault_string: user, operator_fault_string: `${user} ${code} ${message}`.trim() },
    { cause: error },
  );
}
