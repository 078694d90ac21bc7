/** The member field table (API contract §10). */
import { type Member, VNIC_TYPES } from '../../domain/resources.ts';
import { COMMON, IDENTITY, INHERITED_PROJECT, PARENT, STATE } from './common.ts';
import { responder } from './response.ts';
import { boolean, choice, integer, ipAddress, uuid } from './scalar-types.ts';
import type { AttributeTable, Created } from './table.ts';

export const MEMBER_FIELDS = {
  ...COMMON,
  address: {
    type: ipAddress,
    spellingIn: 'givenAddress',
    filterNames: ['ip_address'],
    accepted: 'create',
    required: true,
    serve: (member: Member) => member.givenAddress ?? member.address,
  },
  protocolPort: { type: integer(1, 65_535), accepted: 'create', required: true },
  subnetId: { type: uuid, accepted: 'create' },
  weight: { type: integer(0, 256), accepted: 'create and update', default: 1 },
  backup: { type: boolean, accepted: 'create and update', default: false },
  monitorAddress: {
    type: ipAddress,
    spellingIn: 'givenMonitorAddress',
    accepted: 'create and update',
    serve: (member: Member) => member.givenMonitorAddress ?? member.monitorAddress,
  },
  monitorPort: { type: integer(1, 65_535), accepted: 'create and update' },
  requestSriov: {
    type: boolean,
    accepted: 'create',
    default: false,
    serve: null,
    description: 'Reach the member through an SR-IOV port; the flavor has to allow it.',
  },
  vnicType: { type: choice(VNIC_TYPES), accepted: 'never', nullable: false },
} as const satisfies AttributeTable;

export const MEMBER = {
  ...IDENTITY,
  ...MEMBER_FIELDS,
  poolId: PARENT,
  ...INHERITED_PROJECT,
  ...STATE,
} as const satisfies AttributeTable;

export type MemberCreate = Created<typeof MEMBER>;
export const MEMBER_ENVELOPE = { argument: 'member_', wrapper: 'member' };
export const MEMBERS_ENVELOPE = { argument: 'members_', wrapper: 'members' };

export const memberResponse = responder<Member, null>(MEMBER);
