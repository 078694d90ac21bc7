/** Request bodies: bounded, whole, parsed. */
import type { IncomingMessage } from 'node:http';
import { HttpError } from './answer.ts';

/** Bytes. Plug requests, certificates and agent configurations are a few kB. */
export const SMALL_BODY = 256 * 1024;
/** Bytes. 2,000 members are about 400 kB of HAProxy configuration. */
export const LARGE_BODY = 8 * 1024 * 1024;

/** @throws HttpError 413 as soon as the limit is passed, 400 when the client goes away */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): void => reject(new HttpError(413, `request body is larger than ${limit} bytes`));
    if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        tooLarge();
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    const gone = (): void => reject(new HttpError(400, 'request body was cut short'));
    request.on('aborted', gone);
    request.on('error', gone);
  });
}

/** Null when the text is not a JSON object. */
export function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
