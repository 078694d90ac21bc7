/** CADF events of one API call, one before and one after it. Pure: ids and times are given. */
import type { Identity } from '../../clouds/identity/interface.ts';
import type { Notification } from '../../clouds/notifications/interface.ts';
import type { AuditMap } from './map.ts';
import { actionOf, outcomeOf, targetType } from './taxonomy.ts';

export interface AuditTarget {
  id: string;
  name: string;
  /** Type of service in the catalogue. */
  type: string;
  addresses: { name: 'admin' | 'private' | 'public'; url: string }[];
}

export interface AuditedCall {
  /** UUIDv4 of the event, the same before and after. */
  id: string;
  correlationId: string;
  time: Date;
  method: string;
  /** With the prefix of the service and the query. */
  path: string;
  /** First key of the JSON body. */
  firstBodyKey: string | null;
  userAgent: string | null;
  clientAddress: string;
  hasToken: boolean;
  identity: Identity;
  /** null when the caller's token names no catalogue */
  target: AuditTarget | null;
}

export interface Envelope {
  messageId: string;
  time: Date;
}

const PUBLISHER = 'octavia-api';
const UNKNOWN = 'unknown';

/** `YYYY-MM-DDTHH:MM:SS.ffffff+0000` */
const cadfTime = (time: Date): string => time.toISOString().replace('Z', '000+0000');
/** `YYYY-MM-DD HH:MM:SS.ffffff` */
const envelopeTime = (time: Date): string => time.toISOString().replace('T', ' ').replace('Z', '000');

function initiator({ identity, hasToken, userAgent, clientAddress }: AuditedCall) {
  return {
    id: identity.userId ?? UNKNOWN,
    typeURI: 'service/security/account/user',
    name: identity.userName ?? UNKNOWN,
    project_id: identity.projectId ?? UNKNOWN,
    host: { ...(userAgent === null ? {} : { agent: userAgent }), address: clientAddress },
    // Nothing of the token itself is ever part of an event.
    credential: { token: '****', identity_status: hasToken ? 'Confirmed' : UNKNOWN },
  };
}

function target(map: AuditMap, { target: found }: AuditedCall, path: string) {
  const serviceType = found === null ? undefined : map.serviceEndpoints.get(found.type);
  if (found === null) return { id: UNKNOWN, name: UNKNOWN, typeURI: UNKNOWN };
  return {
    id: found.id,
    name: found.name,
    typeURI: serviceType === undefined ? UNKNOWN : targetType(map, serviceType, path),
    addresses: found.addresses,
  };
}

function payload(map: AuditMap, call: AuditedCall, outcome: string) {
  const path = call.path.split('?', 1)[0] ?? '';
  return {
    typeURI: 'http://schemas.dmtf.org/cloud/audit/1.0/event',
    id: call.id,
    eventTime: cadfTime(call.time),
    eventType: 'activity',
    action: actionOf(map, call.method, path, () => call.firstBodyKey),
    outcome,
    requestPath: call.path,
    tags: [`correlation_id?value=${call.correlationId}`],
    target: target(map, call, path),
    observer: { id: 'target' },
    initiator: initiator(call),
  };
}

function notification(event: string, { messageId, time }: Envelope, content: Record<string, unknown>): Notification {
  return {
    message_id: messageId,
    publisher_id: PUBLISHER,
    event_type: event,
    priority: 'INFO',
    timestamp: envelopeTime(time),
    payload: content,
  };
}

export function requestEvent(map: AuditMap, call: AuditedCall, envelope: Envelope): Notification {
  return notification('audit.http.request', envelope, payload(map, call, 'pending'));
}

/** @param status of the answer; null when none was sent */
export function responseEvent(
  map: AuditMap,
  call: AuditedCall,
  envelope: Envelope,
  status: number | null,
): Notification {
  return notification('audit.http.response', envelope, {
    ...payload(map, call, outcomeOf(status)),
    ...(status === null ? {} : { reason: { reasonCode: String(status), reasonType: 'HTTP' } }),
    reporterchain: [{ role: 'modifier', reporterTime: cadfTime(envelope.time), reporter: { id: 'target' } }],
  });
}
