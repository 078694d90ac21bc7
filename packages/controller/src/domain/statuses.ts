/** Status words of the API (source: API v2 contract, "Common semantics" and "State machine"). */

export const PROVISIONING_STATUSES = [
  'ACTIVE',
  'PENDING_CREATE',
  'PENDING_UPDATE',
  'PENDING_DELETE',
  'DELETED',
  'ERROR',
] as const;
export type ProvisioningStatus = (typeof PROVISIONING_STATUSES)[number];

export const OPERATING_STATUSES = ['ONLINE', 'DRAINING', 'OFFLINE', 'DEGRADED', 'ERROR', 'NO_MONITOR'] as const;
export type OperatingStatus = (typeof OPERATING_STATUSES)[number];

export const AMPHORA_STATUSES = [
  'ALLOCATED',
  'BOOTING',
  'READY',
  'PENDING_CREATE',
  'PENDING_DELETE',
  'DELETED',
  'ERROR',
  'FAILOVER_STOPPED',
] as const;
export type AmphoraStatus = (typeof AMPHORA_STATUSES)[number];

export const AMPHORA_ROLES = ['STANDALONE', 'MASTER', 'BACKUP'] as const;
export type AmphoraRole = (typeof AMPHORA_ROLES)[number];

export const TOPOLOGIES = ['SINGLE', 'ACTIVE_STANDBY'] as const;
export type Topology = (typeof TOPOLOGIES)[number];
