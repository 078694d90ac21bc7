/** The load balancer field table (API contract §7.1), and the nested forms of a fully populated create (§7.4). */
import { type AdditionalVip, type LoadBalancer, VNIC_TYPES } from '../../domain/resources.ts';
import { TOPOLOGIES } from '../../domain/statuses.ts';
import { nullable, whole } from '../openapi/schemas.ts';
import { list, nested, optional, refuseUnknown, required, set } from './collection-types.ts';
import { COMMON, DESCRIPTION, IDENTITY, REFERENCES, references, STATE } from './common.ts';
import { HEALTH_MONITOR_FIELDS } from './health-monitor.ts';
import { L7POLICY_IN_TREE } from './l7-policy.ts';
import { LISTENER_FIELDS } from './listener.ts';
import { MEMBER_FIELDS } from './member.ts';
import { POOL_ALGORITHM, POOL_OPTIONS, POOL_PROTOCOL } from './pool.ts';
import { responder } from './response.ts';
import { choice, ipAddress, text, uuid } from './scalar-types.ts';
import type { AttributeTable, Created } from './table.ts';
import { tableObject } from './table-object.ts';

/** Protocol and algorithm may be left out: then the entry is a reference by name. */
const POOL_IN_TREE = {
  ...POOL_OPTIONS,
  protocol: POOL_PROTOCOL,
  lbAlgorithm: POOL_ALGORITHM,
  members: { type: list(tableObject(MEMBER_FIELDS)), accepted: 'create', default: [] },
  healthmonitor: { type: tableObject(HEALTH_MONITOR_FIELDS), accepted: 'create' },
} as const satisfies AttributeTable;

const POLICY_IN_TREE = {
  ...L7POLICY_IN_TREE,
  redirectPool: { type: tableObject(POOL_IN_TREE), accepted: 'create' },
} as const satisfies AttributeTable;

const LISTENER_IN_TREE = {
  ...LISTENER_FIELDS,
  defaultPool: { type: tableObject(POOL_IN_TREE), accepted: 'create' },
  l7policies: { type: list(tableObject(POLICY_IN_TREE)), accepted: 'create', default: [] },
} as const satisfies AttributeTable;

export type PoolInTree = Created<typeof POOL_IN_TREE>;
export type L7PolicyInTree = Created<typeof POLICY_IN_TREE>;
export type ListenerInTree = Created<typeof LISTENER_IN_TREE>;

const ADDITIONAL_VIP_PARTS = ['subnet_id', 'ip_address'];

export interface AdditionalVipRequest {
  subnetId: string;
  ipAddress: string | null;
  /** Where it is not how addresses are compared. */
  givenAddress: string | null;
}

const additionalVip = nested<AdditionalVipRequest>(
  (value, at) => {
    refuseUnknown(value, (name) => ADDITIONAL_VIP_PARTS.includes(name), at.path);
    const address = optional(value, 'ip_address', ipAddress, at);
    return {
      subnetId: required(value, 'subnet_id', uuid, at),
      ipAddress: address,
      givenAddress: address === null ? null : (ipAddress.spelling?.(value.ip_address, address) ?? null),
    };
  },
  {
    type: 'object',
    additionalProperties: false,
    required: ['subnet_id'],
    properties: { subnet_id: uuid.schema, ip_address: nullable(ipAddress.schema) },
  },
);

const SHOWN_VIP = whole({
  subnet_id: uuid.schema,
  ip_address: ipAddress.schema,
  port_id: nullable(uuid.schema),
});

/** All addresses of a load balancer are on one port. */
const additionalVipsOf = (vips: readonly AdditionalVip[], portId: string | null) =>
  vips.map(({ subnetId, ipAddress: address, givenAddress }) => ({
    subnet_id: subnetId,
    ip_address: givenAddress ?? address,
    port_id: portId,
  }));

export interface LoadBalancerRelations {
  listenerIds: readonly string[];
  poolIds: readonly string[];
}

export const LOAD_BALANCER = {
  ...IDENTITY,
  ...COMMON,
  description: DESCRIPTION,
  projectId: { type: text({ max: 36 }), aliases: ['tenant_id'], aliasShown: true, accepted: 'create', nullable: false },
  vipSubnetId: { type: uuid, accepted: 'create', serve: ({ vip }: LoadBalancer) => vip.subnetId },
  vipNetworkId: { type: uuid, accepted: 'create', serve: ({ vip }: LoadBalancer) => vip.networkId },
  vipPortId: { type: uuid, accepted: 'create', serve: ({ vip }: LoadBalancer) => vip.portId },
  vipAddress: {
    type: ipAddress,
    spellingIn: 'givenVipAddress',
    accepted: 'create',
    nullable: false,
    serve: ({ vip }: LoadBalancer) => vip.givenAddress ?? vip.address,
  },
  vipQosPolicyId: {
    type: uuid,
    accepted: 'create and update',
    serve: ({ vip }: LoadBalancer) => vip.qosPolicyId,
  },
  vipVnicType: {
    type: choice(VNIC_TYPES),
    accepted: 'never',
    nullable: false,
    serve: ({ vip }: LoadBalancer) => vip.vnicType,
  },
  vipSgIds: {
    type: set(uuid),
    accepted: 'create and update',
    default: [],
    serve: ({ vip }: LoadBalancer) => vip.securityGroupIds,
    description: 'Security groups of the VIP port, instead of the one the service makes.',
  },
  additionalVips: {
    type: list(additionalVip),
    accepted: 'create',
    default: [],
    serve: ({ additionalVips, vip }: LoadBalancer) => additionalVipsOf(additionalVips, vip.portId),
    answer: { type: 'array', items: SHOWN_VIP },
  },
  provider: { type: text({ max: 64 }), accepted: 'create', nullable: false },
  flavorId: { type: uuid, accepted: 'create' },
  availabilityZone: { type: text(), accepted: 'create' },
  listeners: {
    type: list(tableObject(LISTENER_IN_TREE)),
    accepted: 'create',
    default: [],
    serve: references((_lb: LoadBalancer, relations: LoadBalancerRelations) => relations.listenerIds).serve,
    answer: REFERENCES,
  },
  pools: {
    type: list(tableObject(POOL_IN_TREE)),
    accepted: 'create',
    default: [],
    serve: references((_lb: LoadBalancer, relations: LoadBalancerRelations) => relations.poolIds).serve,
    answer: REFERENCES,
  },
  // Filters only: how it is built is the operator's matter, and known to OpenStack Octavia's lists.
  topology: { type: choice(TOPOLOGIES), accepted: 'never', serve: null },
  serverGroupId: { type: text(), accepted: 'never', serve: null },
  ...STATE,
} as const satisfies AttributeTable;

export type LoadBalancerCreate = Created<typeof LOAD_BALANCER>;
export const LOAD_BALANCER_ENVELOPE = { argument: 'load_balancer', wrapper: 'loadbalancer' };

export const loadBalancerResponse = responder<LoadBalancer, LoadBalancerRelations>(LOAD_BALANCER);
