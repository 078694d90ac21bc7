/** The listener field table (API contract §8). */
import { CLIENT_AUTHENTICATIONS, LISTENER_PROTOCOLS, type Listener } from '../../domain/resources.ts';
import { ALPN_PROTOCOLS } from '../../domain/validation/tls.ts';
import { list, map, set, spelledSet } from './collection-types.ts';
import { COMMON, DESCRIPTION, IDENTITY, INHERITED_PROJECT, REFERENCES, references, STATE } from './common.ts';
import { responder } from './response.ts';
import { boolean, choice, cidr, integer, text, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';
import { onlyInTree } from './table-object.ts';
import type { ValueType } from './value-type.ts';

const LONGEST_TIMEOUT = 2_073_600_000;
const timeout = (milliseconds: number) =>
  ({ type: integer(0, LONGEST_TIMEOUT), accepted: 'create and update', default: milliseconds }) as const;

const secretRef = { type: text(), accepted: 'create and update' } as const;

export const alpnProtocols: ValueType<string[]> = set(
  text({
    max: 255,
    pattern: new RegExp(`^(${ALPN_PROTOCOLS.join('|').replaceAll('.', '\\.')})$`),
    reason: 'Value should be a valid ALPN protocol ID',
  }),
);

/** What both forms of create and the PUT share. */
export const LISTENER_FIELDS = {
  ...COMMON,
  description: DESCRIPTION,
  protocol: { type: choice(LISTENER_PROTOCOLS), accepted: 'create', required: true },
  protocolPort: { type: integer(1, 65_535), accepted: 'create', required: true },
  connectionLimit: { type: integer(-1), accepted: 'create and update', default: -1 },
  defaultPoolId: { type: uuid, accepted: 'create and update' },
  insertHeaders: { type: map(text()), accepted: 'create and update', default: {} },
  defaultTlsContainerRef: { ...secretRef, filterNames: ['tls_certificate_id'] },
  sniContainerRefs: { type: list(text()), accepted: 'create and update', default: [] },
  timeoutClientData: timeout(50_000),
  timeoutMemberConnect: timeout(5_000),
  timeoutMemberData: timeout(50_000),
  timeoutTcpInspect: timeout(0),
  clientAuthentication: { type: choice(CLIENT_AUTHENTICATIONS), accepted: 'create and update', default: 'NONE' },
  clientCaTlsContainerRef: { ...secretRef, filterNames: ['client_ca_tls_certificate_id'] },
  clientCrlContainerRef: { ...secretRef, filterNames: ['client_crl_container_id'] },
  allowedCidrs: {
    type: spelledSet(cidr),
    spellingIn: 'givenCidrs',
    accepted: 'create and update',
    serve: (listener: Listener) => listener.givenCidrs ?? listener.allowedCidrs,
  },
  tlsCiphers: { type: text({ max: 2048 }), accepted: 'create and update' },
  tlsVersions: { type: list(text({ max: 32 })), accepted: 'create and update' },
  alpnProtocols: { type: alpnProtocols, accepted: 'create and update' },
  hstsMaxAge: { type: integer(0), accepted: 'create and update' },
  hstsIncludeSubdomains: { type: boolean, accepted: 'create and update', default: false },
  hstsPreload: { type: boolean, accepted: 'create and update', default: false },
} as const satisfies AttributeTable;

export interface ListenerRelations {
  /** By position. */
  l7policyIds: readonly string[];
}

export const LISTENER = {
  ...IDENTITY,
  loadBalancerId: {
    type: uuid,
    name: 'loadbalancer_id',
    aliases: ['load_balancer_id'],
    accepted: 'create',
    required: true,
    serve: null,
  },
  ...LISTENER_FIELDS,
  defaultPool: { type: onlyInTree, accepted: 'create', serve: null },
  l7policies: {
    type: onlyInTree,
    accepted: 'create',
    default: [],
    serve: (_listener: Listener, relations: ListenerRelations) => relations.l7policyIds.map((id) => ({ id })),
    answer: REFERENCES,
  },
  loadbalancers: references((listener: Listener) => [listener.loadBalancerId]),
  // A filter only, of a field that OpenStack Octavia has and nobody sets.
  peerPort: { type: integer(0), accepted: 'never', serve: null },
  ...INHERITED_PROJECT,
  ...STATE,
} as const satisfies AttributeTable;

export const LISTENER_ENVELOPE = { argument: 'listener_', wrapper: 'listener' };

export const listenerResponse = responder<Listener, ListenerRelations>(LISTENER);
