/**
 * An agent whose certificate has ended, as it does while no controller runs, can still be given a new one: for that request
 * alone its end is no fault. Everything else about the certificate must be right: who signed it, whom it names, what it is for.
 */
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type TLSSocket } from 'node:tls';

/** Of authorities between an agent's certificate and one that is trusted; nobody has more. */
const LONGEST_CHAIN = 5;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const EVERY_PURPOSE = '2.5.29.37.0';

/** Whether the failure of a connection says that a certificate has ended, possibly among other things. */
export const hasEnded = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'CERT_HAS_EXPIRED';

const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (text) => new X509Certificate(text),
  );

const begins = (certificate: X509Certificate): number => new Date(certificate.validFrom).getTime();
const ends = (certificate: X509Certificate): number => new Date(certificate.validTo).getTime();

/** What the agent sent, its own certificate first. */
function presented(socket: TLSSocket): X509Certificate[] {
  const found: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (
    next &&
    found.length <= LONGEST_CHAIN &&
    !found.some((known) => known.fingerprint256 === next?.fingerprint256)
  ) {
    found.push(next);
    next = next.issuerCertificate;
  }
  return found;
}

/**
 * @param chain what the agent sent, its own certificate first
 * @param authorities PEM of those that are trusted
 * @param now milliseconds
 * @returns what else is wrong with the certificate; null: it has ended, and nothing else
 */
function otherFault(
  chain: readonly X509Certificate[],
  amphoraId: string,
  authorities: string,
  now: number,
): string | null {
  const [own] = chain;
  if (!own) return 'the agent shows no certificate';
  if (begins(own) > now) return 'its certificate is not valid yet';
  const wrongName = checkServerIdentity(amphoraId, own.toLegacyObject());
  if (wrongName) return wrongName.message;
  const uses = own.keyUsage;
  if (uses && !uses.includes(SERVER_AUTHENTICATION) && !uses.includes(EVERY_PURPOSE)) {
    return 'its certificate is not for a server';
  }
  return leadsToTrusted(own, chain.slice(1), certificatesIn(authorities), now)
    ? null
    : 'no authority of [haproxy_amphora] server_ca signed its certificate';
}

/** As a verification does it, to an authority that signed itself; authorities must not have ended. */
function leadsToTrusted(
  own: X509Certificate,
  between: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  now: number,
): boolean {
  const signed = (certificate: X509Certificate) => (authority: X509Certificate) =>
    authority.ca &&
    begins(authority) <= now &&
    ends(authority) >= now &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey);
  for (let certificate = own, steps = 0; steps <= LONGEST_CHAIN; steps += 1) {
    const authority = trusted.find(signed(certificate)) ?? between.find(signed(certificate));
    if (!authority) return false;
    const isRoot = authority.checkIssued(authority);
    if (isRoot) return trusted.includes(authority);
    certificate = authority;
  }
  return false;
}

/** For a connection that was made without verification. @throws Error for another fault than the certificate's end */
export function mustOnlyHaveEnded(socket: TLSSocket, amphoraId: string, authorities: string): void {
  if (socket.authorized) return;
  const fault = otherFault(presented(socket), amphoraId, authorities, Date.now());
  if (fault !== null) throw Object.assign(new Error(fault), { code: 'ERR_TLS_CERT_UNTRUSTED' });
}
