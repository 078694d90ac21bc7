import { Conflict, DriverError, NotImplementedError, UnsupportedOptionError } from '@octavia/provider-lib';
import { expect, test } from 'vitest';
import { type ErrorCode, OctaviaError } from '../../src/errors.ts';
import { guard } from '../../src/providers/guarded-provider.ts';
import type { Change, Provider } from '../../src/providers/interface.ts';
import type { Tx } from '../../src/store/core/database.ts';

const change = {} as Change;
const tx = {} as Tx;

function raising(error: unknown): Provider {
  return {
    name: 'acme',
    description: '',
    check() {
      throw error;
    },
    accept() {
      throw error;
    },
  };
}

const logged: [level: string, text: string][] = [];
const log = {
  info: (fields: object, text: string) =>
    void logged.push(['err' in fields ? 'info with a stack trace' : 'info', text]),
  error: (fields: object, text: string) =>
    void logged.push(['err' in fields ? 'error with a stack trace' : 'error', text]),
};
const faults = { user_fault_string: 'for the user', operator_fault_string: 'for the operator' };

test.each<[Error, ErrorCode, string, string]>([
  [new DriverError(faults), 'PROVIDER_ERROR', "Provider 'acme' reports error: for the user", 'error'],
  [
    new NotImplementedError(faults),
    'PROVIDER_UNSUPPORTED_ACTION',
    "Provider 'acme' does not support a requested action: for the user",
    'info',
  ],
  [
    new UnsupportedOptionError(faults),
    'PROVIDER_UNSUPPORTED_OPTION',
    "Provider 'acme' does not support a requested option: for the user",
    'info',
  ],
  [new Conflict(faults), 'VIP_ADDRESS_IN_USE', 'The VIP IP address is already in use: for the user', 'info'],
])('%s', async (error, code, message, level) => {
  logged.length = 0;
  const guarded = guard(raising(error), log);
  await expect(guarded.submit(tx, change)).rejects.toMatchObject({ code, message });
  expect(() => guarded.check({})).toThrow(message);
  expect(logged).toEqual([
    [level, 'for the operator'],
    [level, 'for the operator'],
  ]);
});

test('texts of unknown errors stay in the log', async () => {
  logged.length = 0;
  await expect(guard(raising(new Error('secret')), log).submit(tx, change)).rejects.toMatchObject({
    message: "Provider 'acme' reports error: An unknown driver error occurred.",
  });
  expect(logged).toEqual([['error with a stack trace', expect.stringContaining('secret')]]);
});

test('errors of the catalogue pass as they are', async () => {
  const error = new OctaviaError('DUPLICATE_DEFAULT_POOL');
  await expect(guard(raising(error), log).submit(tx, change)).rejects.toBe(error);
});

test.each([
  ['without a text', Object.create(null)],
  [
    'that throws when it is looked at',
    new Proxy(new Error(), {
      get() {
        throw new Error('not to be read');
      },
    }),
  ],
])('something %s is an error of the provider, too', (_what, raised) => {
  logged.length = 0;
  expect(() => guard(raising(raised), log).accept(change)).toThrow(
    expect.objectContaining({
      code: 'PROVIDER_ERROR',
      message: "Provider 'acme' reports error: An unknown driver error occurred.",
    }),
  );
  expect(logged).toEqual([['error', 'The driver raised something that cannot be read']]);
});
