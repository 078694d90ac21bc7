/** What HAProxy refuses although it is a bundle: one such file and the whole load balancer keeps its former configuration. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { MOST_CERTIFICATE_BYTES } from '@octavia/protocol/agent-api';
import { OctaviaError } from '../errors.ts';
import { combinedPem, type TlsBundle } from './bundle.ts';
import { child, children, objectId, parse } from './der.ts';

const unusable = (detail: string, cause?: unknown): OctaviaError =>
  new OctaviaError('CERTIFICATE_UNUSABLE', { detail }, { cause });

const RSASSA_PSS = '1.2.840.113549.1.1.10';
const SHA1 = '1.3.14.3.2.26';
/** Digests of less than the 112 bits of security that OpenSSL's level 2 asks for. */
const WEAK = /md[245]|sha-?1(?!\d)|ripemd|rmd160|dsaWithSHA$/i;

/** The digest of RSASSA-PSS stands in its parameters, and is SHA-1 when it does not. RFC 4055, 3.1. */
function isWeakPss(certificate: X509Certificate): boolean {
  const [, parameters] = children(child(parse(certificate.raw), 1));
  const digest = parameters && children(parameters).find(({ class: kind, tag }) => kind === 2 && tag === 0);
  return digest === undefined || objectId(child(child(digest, 0), 0)) === SHA1;
}

/** Nobody looks at how a certificate signs itself. */
function isWeaklySigned(certificate: X509Certificate): boolean {
  if (certificate.subject === certificate.issuer) return false;
  if (certificate.signatureAlgorithmOid === RSASSA_PSS) return isWeakPss(certificate);
  return WEAK.test(certificate.signatureAlgorithm ?? '');
}

function requireStrongSignatures({ certificate, intermediates }: TlsBundle): void {
  const index = [certificate, ...intermediates].findIndex((pem) => isWeaklySigned(new X509Certificate(pem)));
  if (index < 0) return;
  const which = index === 0 ? 'Its certificate' : 'An intermediate certificate of it';
  throw unusable(`${which} is signed with SHA-1 or MD5, which HAProxy refuses. Have it issued anew with SHA-256.`);
}

/** Node has the limits of OpenSSL that HAProxy has for lengths of keys, though not those for signatures. */
function requireStrongKeys({ certificate, privateKey, intermediates }: TlsBundle): void {
  try {
    createSecureContext({ cert: [certificate, ...intermediates].join(''), key: privateKey.reveal() });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const short = /^ERR_SSL_(EE|CA)_KEY_TOO_SMALL$/.exec(code);
    if (short === null) throw unusable(`OpenSSL, and so HAProxy, cannot use it (${code}).`);
    const which = short[1] === 'EE' ? 'Its private key' : 'The key of an intermediate certificate of it';
    throw unusable(
      `${which} is too short for HAProxy, which wants 2048 bits of RSA or 224 of an elliptic curve. Have it issued anew with a longer key.`,
    );
  }
}

/** Of authorities or revocations too. @throws Error with words for the tenant when no amphora takes so long a file */
export function requireShort(pem: string): void {
  const bytes = Buffer.byteLength(pem);
  if (bytes <= MOST_CERTIFICATE_BYTES) return;
  throw new Error(
    `${bytes} bytes are more than the ${MOST_CERTIFICATE_BYTES} that a load balancer takes; leave out what is not needed`,
  );
}

/** Where a bundle is taken in; one that already serves is left alone. @throws OctaviaError CERTIFICATE_UNUSABLE */
export function requireUsable(bundle: TlsBundle): void {
  try {
    requireShort(combinedPem(bundle).reveal());
  } catch (error) {
    throw unusable(`With its key and intermediates ${(error as Error).message}.`);
  }
  requireStrongKeys(bundle);
  requireStrongSignatures(bundle);
}
