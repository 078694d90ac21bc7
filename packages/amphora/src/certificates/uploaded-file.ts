/**
 * What a file is that comes without a word about it. Controllers of OpenStack send authorities, revocation lists and lists
 * of certificate files by the path of certificates, with one kind of name for all of them.
 */
import { checkKeyPair, checkRevocationLists, PemError, readAuthorities } from './pem.ts';

/** One path on each line, as HAProxy's `crt-list` has them. */
function isListOfFiles(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && lines.every((line) => line.startsWith('/'));
}

function holds(text: string, check: (text: string) => void): boolean {
  try {
    check(text);
    return true;
  } catch (error) {
    if (error instanceof PemError) return false;
    throw error;
  }
}

/** A certificate that signs none is of no use without its key. */
function areAuthorities(text: string): void {
  const others = readAuthorities(text).filter(
    (certificate) => !certificate.ca && !certificate.checkIssued(certificate),
  );
  if (others.length > 0) throw new PemError('No RSA key found');
}

/** @throws PemError as for a certificate, when it is nothing else either */
export function checkUploadedFile(text: string): void {
  if (isListOfFiles(text)) return;
  if (!text.includes('PRIVATE KEY') && (holds(text, areAuthorities) || holds(text, checkRevocationLists))) return;
  checkKeyPair(text);
}
