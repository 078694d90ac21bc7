import { isIP } from 'node:net';
import { OctaviaError } from '../../errors.ts';

/** @throws OctaviaError UNSAFE_CONFIGURATION_VALUE for anything but an address without a zone */
export function address(text: string, keyword: string): string {
  if (isIP(text) === 0 || text.includes('%')) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword });
  return text;
}
