/** Operations, for those who look after the service. Ours, OpenStack Octavia has nothing like it. */
import { OPERATION_KINDS, OPERATION_STATES, type Operation, RESOURCE_TYPES } from '../../domain/operations.ts';
import { IDENTITY } from './common.ts';
import { responder } from './response.ts';
import { choice, integer, text, time, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

const id = { type: uuid, accepted: 'never' } as const;
const words = { type: text(), accepted: 'never' } as const;
const number = { type: integer(0), accepted: 'never' } as const;
const moment = { type: time, accepted: 'never' } as const;
const always = { nullable: false } as const;

export const OPERATION = {
  ...IDENTITY,
  loadBalancerId: { ...id, ...always, name: 'loadbalancer_id', aliases: ['load_balancer_id'] },
  projectId: { type: text(), ...always, aliases: ['tenant_id'], accepted: 'never' },
  kind: { type: choice(OPERATION_KINDS), ...always, accepted: 'never' },
  resourceType: { type: choice(RESOURCE_TYPES), ...always, accepted: 'never' },
  resourceId: { ...id, ...always },
  state: { type: choice(OPERATION_STATES), ...always, accepted: 'never' },
  currentStep: words,
  attempts: { ...number, ...always },
  reason: words,
  cause: words,
  retryOf: id,
  retryNumber: { ...number, ...always },
  flowVersion: { ...number, ...always },
  workerId: words,
  createdAt: { ...moment, ...always },
  startedAt: moment,
  endedAt: moment,
} as const satisfies AttributeTable;

export const operationResponse = responder<Operation, null>(OPERATION);
