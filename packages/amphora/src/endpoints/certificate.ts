/**
 * `PUT /1.0/certificate`: replaces the agent's own server certificate while it serves.
 * `PUT /1.0/certificate/client-ca`: replaces the authorities whose clients are let in (old and new one in one file).
 */
import type { X509Certificate } from 'node:crypto';
import { checkKeyPair, PemError, readAuthorities } from '../certificates/pem.ts';
import { type Answer, AnswerError, ok } from '../http/answer.ts';
import { SMALL_BODY } from '../http/body.ts';
import type { AgentRequest, Route } from '../http/router.ts';
import type { AgentContext } from './context.ts';

export function certificateRoutes(context: AgentContext): Route[] {
  return [
    {
      method: 'PUT',
      path: '/1.0/certificate',
      handle: async ({ body }) => {
        const pem = await body(SMALL_BODY);
        refuse(() => checkKeyPair(pem.toString('utf8')));
        await context.replaceCertificate(pem);
        return ok(202, { message: 'OK' });
      },
    },
    { method: 'PUT', path: '/1.0/certificate/client-ca', handle: (request) => replaceClientCa(context, request) },
  ];
}

/** Whoever asks must be let in by the new authorities too: a mistake must not lock the controller out for ever. */
async function replaceClientCa(context: AgentContext, { body, peer }: AgentRequest): Promise<Answer> {
  const pem = await body(SMALL_BODY);
  const authorities = refuse(() => readAuthorities(pem.toString('utf8')));
  if (!isIssuedBy(peer(), authorities)) {
    throw new AnswerError(400, { message: 'The certificate of this very client is of none of these authorities' });
  }
  await context.replaceClientCa(pem);
  return ok(202, { message: 'OK' });
}

function isIssuedBy(certificate: X509Certificate | null, authorities: X509Certificate[]): boolean {
  if (certificate === null) return false;
  const issuer = authorities.find((authority) => certificate.checkIssued(authority));
  return issuer !== undefined && certificate.verify(issuer.publicKey);
}

function refuse<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof PemError ? new AnswerError(400, { message: error.message }) : error;
  }
}
