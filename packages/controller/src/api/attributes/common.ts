/** Attributes that every kind has. */
import { OPERATING_STATUSES, PROVISIONING_STATUSES } from '../../domain/statuses.ts';
import { nested, required, set } from './collection-types.ts';
import { boolean, choice, text, time, uuid } from './scalar-types.ts';
import type { Attribute } from './table.ts';
import type { JsonSchema } from './value-type.ts';

/** Everything the client may say. */
export const COMMON = {
  name: { type: text(), accepted: 'create and update', default: '' },
  adminStateUp: {
    type: boolean,
    filterNames: ['enabled'],
    accepted: 'create and update',
    default: true,
    // Compatible with existing clients: null is false, although leaving it out is true.
    nullMeans: false,
  },
  tags: { type: set(text()), accepted: 'create and update', default: [], nullOnUpdate: 'unchanged' },
} as const satisfies Record<string, Attribute<never> | Attribute<string> | Attribute<boolean> | Attribute<string[]>>;

export const DESCRIPTION = { type: text(), accepted: 'create and update', default: '' } as const;

export const IDENTITY = { id: { type: uuid, accepted: 'never' } } as const;

/** A filter only: the parent is in the path of the children, and clients send it along with every list. */
export const PARENT = { type: uuid, accepted: 'never', serve: null } as const;

/** A child's project is its load balancer's: accepted in bodies for compatibility, and ignored. */
export const INHERITED_PROJECT = {
  projectId: { type: text({ max: 36 }), aliases: ['tenant_id'], aliasShown: true, accepted: 'create', nullable: false },
} as const;

export const STATE = {
  provisioningStatus: { type: choice(PROVISIONING_STATUSES), accepted: 'never', nullable: false },
  operatingStatus: { type: choice(OPERATING_STATUSES), accepted: 'never', nullable: false },
  statusReason: {
    type: text({}),
    accepted: 'never',
    description: 'Why the object is in ERROR; null otherwise.',
  },
  createdAt: { type: time, accepted: 'never', nullable: false },
  updatedAt: { type: time, accepted: 'never' },
} as const;

const reference = nested((value, at) => ({ id: required(value, 'id', uuid, at) }), {
  type: 'object',
  required: ['id'],
  properties: { id: uuid.schema },
});

/** `[{"id": …}]` */
export const REFERENCES: JsonSchema = { type: 'array', items: reference.schema };

/** `[{"id": …}]` in responses only. */
export function references<R>(ids: (resource: never, relations: R) => readonly string[]) {
  return {
    type: set(reference),
    accepted: 'never',
    nullable: false,
    serve: (resource: never, relations: R) => ids(resource, relations).map((id) => ({ id })),
  } as const;
}
