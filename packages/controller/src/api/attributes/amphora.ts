/** Amphorae, read only (API contract §13.5). */
import type { Amphora } from '../../domain/resources.ts';
import { AMPHORA_ROLES, AMPHORA_STATUSES } from '../../domain/statuses.ts';
import { IDENTITY } from './common.ts';
import { responder } from './response.ts';
import { boolean, choice, integer, ipAddress, text, time, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

const id = { type: uuid, accepted: 'never' } as const;
const address = { type: ipAddress, accepted: 'never' } as const;
const words = { type: text(), accepted: 'never' } as const;
const number = { type: integer(0), accepted: 'never' } as const;
const moment = { type: time, accepted: 'never' } as const;

export const AMPHORA = {
  ...IDENTITY,
  loadBalancerId: { ...id, name: 'loadbalancer_id', aliases: ['load_balancer_id'] },
  computeId: words,
  lbNetworkIp: address,
  vrrpIp: address,
  haIp: address,
  vrrpPortId: id,
  haPortId: id,
  certExpiration: moment,
  certBusy: { type: boolean, accepted: 'never', nullable: false },
  role: { type: choice(AMPHORA_ROLES), accepted: 'never' },
  status: { type: choice(AMPHORA_STATUSES), accepted: 'never', nullable: false },
  vrrpInterface: words,
  vrrpId: number,
  vrrpPriority: number,
  cachedZone: words,
  imageId: id,
  computeFlavor: words,
  createdAt: { ...moment, nullable: false },
  updatedAt: moment,
  // A filter only: the project of the load balancer.
  projectId: { type: text(), aliases: ['tenant_id'], accepted: 'never', serve: null },
} as const satisfies AttributeTable;

export const amphoraResponse = responder<Amphora, null>(AMPHORA);
