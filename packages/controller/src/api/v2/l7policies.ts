import { OctaviaError } from '../../errors.ts';

/** L7 policies inside a create request. @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION (501) */
export function refuseL7Policies(policies: readonly unknown[], provider: string): void {
  if (policies.length === 0) return;
  throw new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', { provider, detail: 'L7 policies are not supported.' });
}
