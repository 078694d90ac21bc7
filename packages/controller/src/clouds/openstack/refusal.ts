/** Answers of services that are not what was hoped for, as errors of the catalogue. */
import type { ErrorCode } from '../../errors.ts';
import { OctaviaError } from '../../errors.ts';

interface Refused {
  /** As people call the service. */
  service: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Takes secrets out of a text. */
  mask(text: string): string;
}

const LONGEST = 300;
const SENTENCES = ['message', 'description', 'detail', 'title', 'faultstring'];

/** Neutron gives its kind, Cinder a name of the fault, Nova and Glance nothing but a sentence. */
const QUOTA = /quota|overlimit|limit exceeded|number of \w+ exceeded/i;

/** The sentence of an answer, wherever the service puts it: `{message}`, `{badRequest: {message}}`, `{errors: [{detail}]}`, HTML. */
export function sentenceOf(body: string): string {
  let found: string | undefined;
  try {
    const parsed = Object(JSON.parse(body)) as Record<string, unknown>;
    const parts = [parsed, ...Object.values(parsed).flat().map(Object)] as Record<string, unknown>[];
    found = SENTENCES.flatMap((name) => parts.map((part) => part[name])).find(
      (value): value is string => typeof value === 'string' && value !== '',
    );
  } catch {
    // HTML of a proxy, or of a service before it knew what was wanted.
  }
  const plain = (found ?? (body.startsWith('{') ? '' : body)).replaceAll(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/g, ' ');
  return plain.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST);
}

/** What the service calls the fault, where it has a name for it (Neutron): `IpAddressAlreadyAllocated`. */
function faultOf(body: string): string | null {
  try {
    const parts = Object.values(Object(JSON.parse(body)) as object).map((part) => Object(part).type as unknown);
    return parts.find((type) => typeof type === 'string') ?? null;
  } catch {
    return null;
  }
}

function codeOf(status: number, body: string): ErrorCode {
  const isQuota = status === 413 || ([403, 409].includes(status) && QUOTA.test(body));
  if (isQuota) return 'OPENSTACK_QUOTA';
  if (status === 401 || status === 403) return 'OPENSTACK_UNAUTHORISED';
  if (status === 404) return 'OPENSTACK_NOT_FOUND';
  if (status === 409) return 'OPENSTACK_CONFLICT';
  return status >= 500 || status === 429 ? 'OPENSTACK_UNAVAILABLE' : 'OPENSTACK_REFUSED';
}

/** Ids under which the service has logged it. */
export function requestIdOf(headers: Readonly<Record<string, string>>): string | null {
  return headers['x-openstack-request-id'] ?? headers['x-compute-request-id'] ?? null;
}

export function refusal({ service, status, headers, body, mask }: Refused): OctaviaError {
  const requestId = requestIdOf(headers);
  const sentence = mask(sentenceOf(body)) || `HTTP status ${status}`;
  const detail = requestId === null ? sentence : `${sentence} (${requestId})`;
  const fault = faultOf(body);
  return new OctaviaError(codeOf(status, body), { service, detail, status, ...(fault === null ? {} : { fault }) });
}
