import { OctaviaError } from '../errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The JSON value of a body; undefined for an empty one. Handlers that ignore bodies never call this, so that a strange body
 * of a DELETE is no error. @throws OctaviaError INVALID_JSON
 */
export function readBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  try {
    const text = decoder.decode(body);
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    throw new OctaviaError('INVALID_JSON');
  }
}
