/** The pool field table (API contract §9). */
import { canonicalAddress } from '../../domain/addresses.ts';
import { LB_ALGORITHMS, POOL_PROTOCOLS, type Pool, SESSION_PERSISTENCE_TYPES } from '../../domain/resources.ts';
import type { SessionPersistenceInput } from '../../domain/validation/session-persistence.ts';
import { nullable, whole } from '../openapi/schemas.ts';
import { list, nested, optional, refuseUnknown, required } from './collection-types.ts';
import { COMMON, DESCRIPTION, IDENTITY, INHERITED_PROJECT, REFERENCES, references, STATE } from './common.ts';
import { alpnProtocols } from './listener.ts';
import { responder } from './response.ts';
import { boolean, choice, integer, text, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';
import { onlyInTree } from './table-object.ts';
import { invalid, type ValueType } from './value-type.ts';

/** An IPv4 netmask, an IPv6 mask, or an IPv6 prefix length as text. */
const granularity: ValueType<string> = {
  parse(value, { name }) {
    const isPrefix = typeof value === 'string' && /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 128;
    if (typeof value !== 'string' || (!isPrefix && canonicalAddress(value) === null)) {
      throw invalid(name, value, 'Value should be IPv4 or IPv6 format');
    }
    return value;
  },
  schema: { type: 'string' },
};

const persistenceType = choice(SESSION_PERSISTENCE_TYPES);
const PERSISTENCE_PARTS = ['type', 'cookie_name', 'persistence_timeout', 'persistence_granularity'];

const SHOWN_PERSISTENCE = whole({
  type: persistenceType.schema,
  cookie_name: { type: ['string', 'null'] },
  persistence_timeout: { type: ['integer', 'null'] },
  persistence_granularity: { type: ['string', 'null'] },
});

function sessionPersistence(typeRequired: boolean): ValueType<SessionPersistenceInput> {
  const type = (typeRequired ? required : optional)<SessionPersistenceInput['type'] & string>;
  const parsed = nested(
    (value, at) => {
      refuseUnknown(value, (name) => PERSISTENCE_PARTS.includes(name), at.path);
      return {
        type: type(value, 'type', persistenceType, at),
        cookieName: optional(value, 'cookie_name', text(), at),
        persistenceTimeout: optional(value, 'persistence_timeout', integer(1), at),
        persistenceGranularity: optional(value, 'persistence_granularity', granularity, at),
      };
    },
    {
      type: 'object',
      additionalProperties: false,
      ...(typeRequired ? { required: ['type'] } : {}),
      properties: {
        type: typeRequired ? persistenceType.schema : nullable(persistenceType.schema),
        cookie_name: { type: ['string', 'null'], maxLength: 255 },
        persistence_timeout: { type: ['integer', 'null'], minimum: 1 },
        persistence_granularity: { type: ['string', 'null'] },
      },
    },
  );
  return { ...parsed, answer: SHOWN_PERSISTENCE };
}

function servePersistence({ sessionPersistence: persistence }: Pool) {
  return (
    persistence && {
      type: persistence.type,
      cookie_name: persistence.cookieName,
      persistence_timeout: persistence.persistenceTimeout,
      persistence_granularity: persistence.persistenceGranularity,
    }
  );
}

const secretRef = { type: text(), accepted: 'create and update' } as const;

/** What both forms of create and the PUT share, except what a reference by name may leave out. */
export const POOL_OPTIONS = {
  ...COMMON,
  description: DESCRIPTION,
  sessionPersistence: {
    type: sessionPersistence(true),
    updateType: sessionPersistence(false),
    accepted: 'create and update',
    serve: servePersistence,
  },
  tlsEnabled: { type: boolean, accepted: 'create and update', default: false },
  tlsContainerRef: { ...secretRef, filterNames: ['tls_certificate_id'] },
  caTlsContainerRef: { ...secretRef, filterNames: ['ca_tls_certificate_id'] },
  crlContainerRef: { ...secretRef, filterNames: ['crl_container_id'] },
  tlsCiphers: { type: text({ max: 2048 }), accepted: 'create and update' },
  tlsVersions: { type: list(text({ max: 32 })), accepted: 'create and update' },
  alpnProtocols: { type: alpnProtocols, accepted: 'create and update' },
} as const satisfies AttributeTable;

export const POOL_PROTOCOL = { type: choice(POOL_PROTOCOLS), accepted: 'create' } as const;
export const POOL_ALGORITHM = { type: choice(LB_ALGORITHMS), accepted: 'create and update' } as const;

export interface PoolRelations {
  listenerIds: readonly string[];
  memberIds: readonly string[];
  healthMonitorId: string | null;
}

export const POOL = {
  ...IDENTITY,
  loadBalancerId: {
    type: uuid,
    name: 'loadbalancer_id',
    aliases: ['load_balancer_id'],
    accepted: 'create',
    serve: null,
  },
  // As a filter: one of the listeners that use it.
  listenerId: { type: uuid, accepted: 'create', serve: null, queryable: 'filter' },
  ...POOL_OPTIONS,
  protocol: { ...POOL_PROTOCOL, required: true },
  lbAlgorithm: { ...POOL_ALGORITHM, required: true, nullOnUpdate: 'refuse' },
  members: {
    type: onlyInTree,
    accepted: 'create',
    default: [],
    serve: (_pool: Pool, relations: PoolRelations) => relations.memberIds.map((id) => ({ id })),
    answer: REFERENCES,
  },
  healthmonitor: { type: onlyInTree, accepted: 'create', serve: null },
  healthMonitorId: {
    type: uuid,
    name: 'healthmonitor_id',
    filterNames: ['health_monitor_id'],
    accepted: 'never',
    nullable: false,
    // Left out, not null, when there is none: existing clients rely on it.
    leftOut: true,
    serve: (_pool: Pool, relations: PoolRelations) => relations.healthMonitorId ?? undefined,
  },
  loadbalancers: references((pool: Pool) => [pool.loadBalancerId]),
  listeners: references((_pool: Pool, relations: PoolRelations) => relations.listenerIds),
  ...INHERITED_PROJECT,
  ...STATE,
} as const satisfies AttributeTable;

export const POOL_ENVELOPE = { argument: 'pool_', wrapper: 'pool' };

export const poolResponse = responder<Pool, PoolRelations>(POOL);
