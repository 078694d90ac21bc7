/** Operations, for those who look after the service. Ours, the original has nothing like it. */
import { OPERATION_KINDS, OPERATION_STATES, type Operation, RESOURCE_TYPES } from '../../domain/operations.ts';
import { IDENTITY } from './common.ts';
import { responder } from './response.ts';
import { choice, integer, text, time, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

const id = { type: uuid, accepted: 'never' } as const;
const words = { type: text(), accepted: 'never' } as const;
const number = { type: integer(0), accepted: 'never' } as const;
const moment = { type: time, accepted: 'never' } as const;

export const OPERATION = {
  ...IDENTITY,
  loadBalancerId: { ...id, name: 'loadbalancer_id', aliases: ['load_balancer_id'] },
  projectId: { type: text(), aliases: ['tenant_id'], accepted: 'never' },
  kind: { type: choice(OPERATION_KINDS), accepted: 'never' },
  resourceType: { type: choice(RESOURCE_TYPES), accepted: 'never' },
  resourceId: id,
  state: { type: choice(OPERATION_STATES), accepted: 'never' },
  currentStep: words,
  attempts: number,
  reason: words,
  cause: words,
  retryOf: id,
  retryNumber: number,
  flowVersion: number,
  workerId: words,
  createdAt: moment,
  startedAt: moment,
  endedAt: moment,
} as const satisfies AttributeTable;

export const operationResponse = responder<Operation, null>(OPERATION);
