import { OctaviaError } from '../../errors.ts';

/**
 * References to certificates are read when they are accepted, so that a listener cannot fail later. Without a certificate
 * store none can be read. All of them are reported together.
 * @throws OctaviaError CERTIFICATE_UNREADABLE
 */
export function requireReadable(refs: readonly string[], known: readonly string[] = []): void {
  const unread = refs.filter((ref) => !known.includes(ref));
  if (unread.length > 0) throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: unread.join(', ') });
}
