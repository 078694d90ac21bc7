import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, OctaviaError } from '../../src/errors.ts';
import { around, NOBODY } from './support.ts';

const LEVELS: Record<number, string> = { 30: 'info', 40: 'warn', 50: 'error' };

/** What the log says of a request that fails with the error, the line of every request aside. */
async function logged(error: Error): Promise<{ level: string | undefined; line: Record<string, unknown> }[]> {
  const { server, log } = around();
  server.get('/v2/lbaas/failing', async () => {
    throw error;
  });
  await server.inject('/v2/lbaas/failing');
  const lines = log.filter(({ msg }) => msg !== 'request');
  return lines.map((line) => ({ level: LEVELS[Number(line.level)], line }));
}

const codes = (low: number, high: number): ErrorCode[] =>
  (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].status >= low && ERRORS[code].status <= high);

describe('what a caller can bring about as often as they like', () => {
  it.each(codes(400, 499))('%s leaves the request’s own line', async (code) => {
    expect(await logged(new OctaviaError(code))).toEqual([]);
  });

  it.each(codes(501, 501))('%s is one line without a stack trace, and no error', async (code) => {
    const cause = new Error('the driver');
    const lines = await logged(new OctaviaError(code, { provider: 'acme', detail: 'no' }, { cause }));
    expect(lines).toMatchObject([{ level: 'info', line: { code, cause: 'the driver', msg: 'request refused' } }]);
    expect(lines[0]?.line).not.toHaveProperty('err');
  });

  it.each([...codes(503, 503), 'PROVIDER_ERROR' as const])('%s is a warning without a stack trace', async (code) => {
    const lines = await logged(new OctaviaError(code, {}, { cause: new Error('57P03') }));
    expect(lines).toMatchObject([{ level: 'warn', line: { code, cause: '57P03', msg: 'request not served' } }]);
    expect(lines[0]?.line).not.toHaveProperty('err');
  });

  it('is also what the database says of a busy moment', async () => {
    const lines = await logged(Object.assign(new Error('deadlock detected'), { code: '40P01' }));
    expect(lines).toMatchObject([{ level: 'warn', line: { code: 'DATABASE_CONTENTION', cause: 'deadlock detected' } }]);
  });

  it('is a request without a token', async () => {
    const { server, log } = around({}, { identity: NOBODY });
    await server.inject({ url: '/v2/lbaas/broken', headers: { 'x-auth-token': 'made-up' } });
    expect(log.filter(({ msg }) => msg !== 'request')).toEqual([]);
  });
});

it('keeps the stack trace of what nobody expected', async () => {
  const [found, ...others] = await logged(new TypeError('undefined is not a function'));
  expect(others).toEqual([]);
  expect(found).toMatchObject({ level: 'error', line: { msg: 'request failed' } });
  expect(found?.line.err).toHaveProperty('stack', expect.stringContaining('log.test.ts'));
});
