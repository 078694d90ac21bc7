import { randomUUID } from 'node:crypto';
import type { Amphora } from '../../src/domain/resources.ts';

export const anAmphora = (loadBalancerId: string | null, changes: Partial<Amphora> = {}): Amphora => ({
  id: randomUUID(),
  loadBalancerId,
  computeId: null,
  lbNetworkIp: null,
  vrrpIp: null,
  haIp: null,
  vrrpPortId: null,
  haPortId: null,
  vrrpInterface: null,
  vrrpId: 1,
  vrrpPriority: null,
  role: 'STANDALONE',
  status: 'ALLOCATED',
  certExpiration: null,
  certBusy: false,
  cachedZone: null,
  imageId: null,
  computeFlavor: null,
  createdAt: new Date(),
  updatedAt: null,
  ...changes,
});
