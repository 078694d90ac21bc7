/**
 * `PUT`, `GET` (hash only) and `DELETE /1.0/loadbalancer/{id}/certificates/{name}.pem`, and `GET` of their names. HAProxy gets
 * what is in them with the next action on the load balancer. Files without a key of their own are put under a third segment
 * that says what they are; controllers that know no such segment send them like certificates.
 */

import {
  type AgentCertificateFiles,
  type AgentCertificateHash,
  MOST_CERTIFICATE_BYTES,
  TRUST_FILE_KINDS,
  type TrustFileKind,
} from '@octavia/protocol/agent-api';
import { checkRevocationLists, md5, PemError, readAuthorities } from '../certificates/pem.ts';
import { isCertificateName } from '../certificates/store.ts';
import { checkUploadedFile } from '../certificates/uploaded-file.ts';
import { isUuid } from '../haproxy/paths.ts';
import { type Answer, AnswerError, ok } from '../http/answer.ts';
import type { AgentRequest, Route } from '../http/router.ts';
import type { AgentContext } from './context.ts';

const PATH = '/1.0/loadbalancer/:id/certificates/:name';

export function listenerCertificateRoutes(context: AgentContext): Route[] {
  return [
    { method: 'GET', path: '/1.0/loadbalancer/:id/certificates', handle: (request) => list(context, request) },
    { method: 'PUT', path: PATH, handle: (request) => put(context, request, checkUploadedFile) },
    { method: 'PUT', path: `${PATH}/:kind`, handle: (request) => put(context, request, checkOf(request.params.kind)) },
    { method: 'GET', path: PATH, handle: (request) => get(context, request) },
    { method: 'DELETE', path: PATH, handle: (request) => remove(context, request) },
  ];
}

const CHECKS: Record<TrustFileKind, (text: string) => void> = {
  ca: readAuthorities,
  crl: checkRevocationLists,
  // `haproxy -c` reads the list together with the configuration that names it.
  'crt-list': () => {},
};

function checkOf(word: string | undefined): (text: string) => void {
  const kind = TRUST_FILE_KINDS.find((name) => name === word);
  if (kind === undefined) {
    throw new AnswerError(400, { message: 'Invalid request', details: `Unknown kind of file: ${word}` });
  }
  return CHECKS[kind];
}

async function put(
  { supervisor, certificates, transition }: AgentContext,
  { params, body }: AgentRequest,
  check: (text: string) => void,
): Promise<Answer> {
  transition.requireNone();
  const { id = '', name = '' } = params;
  // An amphora serves one load balancer. One without any takes its certificates before its configuration.
  const others = supervisor.all().some((service) => service.id !== id);
  if (!isUuid(id) || (supervisor.find(id) === null && others)) throw unknownLoadBalancer(id);
  if (!isCertificateName(name)) throw unusableName(name);
  const content = await body(MOST_CERTIFICATE_BYTES);
  try {
    check(content.toString('utf8'));
  } catch (error) {
    throw error instanceof PemError ? new AnswerError(400, { message: error.message }) : error;
  }
  const present = await certificates.read(id, name);
  if (present === null || !present.equals(content)) await certificates.write(id, name, content);
  return ok(201, { message: 'OK' });
}

async function list({ certificates }: AgentContext, { params }: AgentRequest): Promise<Answer> {
  const { id = '' } = params;
  const answer: AgentCertificateFiles = { certificates: isUuid(id) ? await certificates.list(id) : [] };
  return ok(200, answer);
}

async function get({ supervisor, certificates }: AgentContext, { params }: AgentRequest): Promise<Answer> {
  const { id = '', name = '' } = params;
  const known = isUuid(id) && (supervisor.find(id) !== null || (await certificates.knows(id)));
  if (!known) throw unknownLoadBalancer(id);
  const content = isCertificateName(name) ? await certificates.read(id, name) : null;
  if (content === null) throw unknownCertificate(name);
  const answer: AgentCertificateHash = { md5sum: md5(content) };
  return ok(200, answer);
}

async function remove({ certificates, transition }: AgentContext, { params }: AgentRequest): Promise<Answer> {
  transition.requireNone();
  const { id = '', name = '' } = params;
  const removed = isUuid(id) && isCertificateName(name) && (await certificates.remove(id, name));
  if (!removed) throw unknownCertificate(name);
  return ok(200, { message: 'OK' });
}

function unknownLoadBalancer(id: string): AnswerError {
  return new AnswerError(404, { message: 'Listener Not Found', details: `No loadbalancer with UUID: ${id}` });
}

function unknownCertificate(name: string): AnswerError {
  return new AnswerError(404, { message: 'Certificate Not Found', details: `No certificate with file name: ${name}` });
}

function unusableName(name: string): AnswerError {
  return new AnswerError(400, { message: 'Invalid request', details: `Not a file name that ends in .pem: ${name}` });
}
