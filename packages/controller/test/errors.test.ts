import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_PARTS, ERRORS, type ErrorCode, isOctaviaError, OctaviaError } from '../src/errors.ts';

const source = join(import.meta.dirname, '../src');
const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== 'errors.ts' && !path.startsWith('errors/'))
  .map((path) => readFileSync(join(source, path), 'utf8'))
  .join('\n');
const codes = Object.keys(ERRORS) as ErrorCode[];

describe('error catalogue', () => {
  it('has no dead code: each is thrown or answered somewhere', () => {
    expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('has each code in one of its parts only', () => {
    const all = ERROR_PARTS.flatMap((part) => Object.keys(part));
    expect(all.filter((code, index) => all.indexOf(code) !== index)).toEqual([]);
    expect(all).toEqual(codes);
  });

  it('leaves no text to who throws: a message says more than its placeholders', () => {
    const empty = ([, { message }]: [string, { message: string }]): boolean =>
      /^\W*$/.test(message.replaceAll(/\{\w+\}/g, ''));
    // What the operator says of a status is all there is to say.
    expect(
      Object.entries(ERRORS)
        .filter(empty)
        .map(([code]) => code),
    ).toEqual(['OPERATOR_RESET', 'BAD_OPTION']);
  });

  it.each(codes)('%s has a status, a message and a remedy', (code) => {
    const { status, message, remedy } = ERRORS[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(message).not.toBe('');
    // It leaves as a header.
    expect(remedy).toMatch(/^[\x20-\x7e]*\.$/);
  });

  it('fills placeholders in message and remedy, and shows those that were forgotten', () => {
    const error = new OctaviaError('BAD_CONFIG_FILE', { file: '/etc/x', line: 3 });
    expect(error.message).toBe('/etc/x, line 3: {reason}');
    expect(error.status).toBe(500);
    expect(new OctaviaError('INTERNAL', { requestId: 'req-1' }).message).toContain('req-1');
  });

  it('keeps the cause and tells its errors from others', () => {
    const cause = new Error('inner');
    const error = new OctaviaError('NOT_FOUND', { kind: 'Pool', id: '1' }, { cause });
    expect(error.cause).toBe(cause);
    expect(isOctaviaError(error)).toBe(true);
    expect(isOctaviaError(error, 'NOT_FOUND')).toBe(true);
    expect(isOctaviaError(error, 'INTERNAL')).toBe(false);
    expect(isOctaviaError(cause)).toBe(false);
  });
});
