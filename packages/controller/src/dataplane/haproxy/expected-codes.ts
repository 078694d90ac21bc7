import { OctaviaError } from '../../errors.ts';

const CODES = /^\d{3}(?:-\d{3})?$/;

/** `200`, `200, 202` or `200-204` as the argument of `http-check expect status`, which has the same grammar. */
export function expectedStatus(expectedCodes: string): string {
  const codes = expectedCodes.split(',').map((code) => code.trim());
  if (!codes.every((code) => CODES.test(code))) {
    throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'http-check' });
  }
  return codes.join(',');
}
