import { OctaviaError } from '../../errors.ts';

const CODES = /^(\d{3})(?:-(\d{3}))?$/;

/** HAProxy refuses a range that goes down, and with it the whole file. */
function ascending(codes: string): string {
  const match = CODES.exec(codes);
  if (match === null) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'http-check' });
  const [, first = '', last = first] = match;
  if (first === last) return first;
  return first < last ? `${first}-${last}` : `${last}-${first}`;
}

/** `200`, `200, 202` or `200-204` as the argument of `http-check expect status`, which has the same grammar. */
export function expectedStatus(expectedCodes: string): string {
  return expectedCodes
    .split(',')
    .map((codes) => ascending(codes.trim()))
    .join(',');
}
