import { OctaviaError } from '../../errors.ts';

/** A semantic failure: `Validation failure: <detail>` (400). */
export function refusal(detail: string): OctaviaError {
  return new OctaviaError('VALIDATION', { detail });
}

/** `<value> is not a valid option for <option>` (400). */
export function invalidOption(value: string, option: string): OctaviaError {
  return new OctaviaError('INVALID_OPTION', { value, option });
}
