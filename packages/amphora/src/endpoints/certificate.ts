/** `PUT /1.0/certificate`: replaces the agent's own server certificate while it serves. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { AnswerError, ok } from '../http/answer.ts';
import { SMALL_BODY } from '../http/body.ts';
import type { Route } from '../http/router.ts';
import type { AgentContext } from './context.ts';

export function certificateRoutes(context: AgentContext): Route[] {
  return [
    {
      method: 'PUT',
      path: '/1.0/certificate',
      handle: async ({ body }) => {
        const pem = await body(SMALL_BODY);
        checkCertificate(pem.toString('utf8'));
        await context.replaceCertificate(pem);
        return ok(202, { message: 'OK' });
      },
    },
  ];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN (RSA |EC )?PRIVATE KEY-----[^-]*-----END (RSA |EC )?PRIVATE KEY-----/;

/**
 * The first certificate must belong to the (unencrypted) key. Controllers issue RSA or elliptic-curve keys; the text of the
 * refusal is the contract's, from the days of RSA alone. @throws AnswerError 400
 */
export function checkCertificate(pem: string): void {
  const certificate = parse(() => new X509Certificate(CERTIFICATE.exec(pem)?.[0] ?? ''));
  if (certificate === null) throw new AnswerError(400, { message: 'No certificate found' });
  const key: KeyObject | null = parse(() => createPrivateKey(PRIVATE_KEY.exec(pem)?.[0] ?? ''));
  if (key?.asymmetricKeyType !== 'rsa' && key?.asymmetricKeyType !== 'ec') {
    throw new AnswerError(400, { message: 'No RSA key found' });
  }
  if (!certificate.checkPrivateKey(key)) throw new AnswerError(400, { message: 'Certificate and key do not match' });
}

function parse<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
