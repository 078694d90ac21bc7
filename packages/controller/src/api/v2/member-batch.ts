/** Batch update of members: the request's list against the pool's members (API contract §10, MB-BATCH). */
import type { MemberSettings } from '../../domain/resources.ts';
import { endpoint, vnicTypeFor } from '../../domain/validation/member.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import type { PresentMember } from '../../store/resources/member-batches.ts';
import { parseCreate, unwrap } from '../attributes/body.ts';
import { MEMBER, MEMBERS_ENVELOPE, type MemberCreate } from '../attributes/member.ts';
import { invalid, isObject } from '../attributes/value-type.ts';

export interface BatchEntry {
  wish: MemberCreate;
  /** Whether the request names them: for a member that exists already, omission keeps the stored value. */
  given: { name: boolean; tags: boolean; subnetId: boolean; requestSriov: boolean };
}

export interface BatchPlan {
  created: MemberCreate[];
  updated: MemberSettings[];
  removed: PresentMember[];
  /** Of new members, and of those that go to another. */
  newSubnets: (string | null)[];
  /** Whether a member that was there is reached in another way than before. */
  moves: boolean;
  /** Whether a member asks for an SR-IOV port that did not before. */
  wantsSriov: boolean;
}

/** @throws OctaviaError as for a member create; VALIDATION when a pair of address and port appears twice */
export function parseBatch(body: unknown): BatchEntry[] {
  const { argument, wrapper } = MEMBERS_ENVELOPE;
  const list = unwrap(body, MEMBERS_ENVELOPE);
  if (!Array.isArray(list)) throw invalid(wrapper, list, 'Value should be list');
  const entries = list.map((entry: unknown): BatchEntry => {
    if (!isObject(entry)) throw invalid(wrapper, entry, 'Value should be object');
    const wish = parseCreate(MEMBER, entry, { name: wrapper, path: `${argument}.${wrapper}` });
    const named = (name: string) => Object.hasOwn(entry, name);
    const said = (name: string) => named(name) && entry[name] !== null;
    return {
      wish,
      given: {
        name: named('name'),
        tags: said('tags'),
        subnetId: named('subnet_id'),
        requestSriov: said('request_sriov'),
      },
    };
  });
  const seen = new Set<string>();
  for (const { wish } of entries) {
    if (seen.has(endpoint(wish))) {
      throw refusal(`Member ${wish.address} with protocol_port ${wish.protocolPort} is given more than once.`);
    }
    seen.add(endpoint(wish));
  }
  return entries;
}

/** A matched member: defaults apply to what is omitted, except its name, tags, subnet and port. */
function matched(current: PresentMember, { wish, given }: BatchEntry): MemberSettings {
  return {
    id: current.id,
    projectId: current.projectId,
    poolId: current.poolId,
    name: given.name ? wish.name : current.name,
    tags: given.tags ? wish.tags : current.tags,
    adminStateUp: wish.adminStateUp,
    address: current.address,
    // Shown as it is said now, also where it was reached by another address of the same server.
    givenAddress: wish.givenAddress ?? (wish.address === current.address ? null : wish.address),
    protocolPort: current.protocolPort,
    subnetId: given.subnetId ? wish.subnetId : current.subnetId,
    weight: wish.weight,
    backup: wish.backup,
    monitorAddress: wish.monitorAddress,
    givenMonitorAddress: wish.givenMonitorAddress,
    monitorPort: wish.monitorPort,
    vnicType: given.requestSriov ? vnicTypeFor(wish) : current.vnicType,
  };
}

function addMatched(plan: BatchPlan, current: PresentMember, wanted: MemberSettings): void {
  plan.updated.push(wanted);
  const changesSubnet = wanted.subnetId !== current.subnetId;
  const changesPort = wanted.vnicType !== current.vnicType;
  if (changesSubnet) plan.newSubnets.push(wanted.subnetId);
  plan.moves ||= changesSubnet || changesPort;
  plan.wantsSriov ||= changesPort && wanted.vnicType === 'direct';
}

export function planBatch(
  entries: readonly BatchEntry[],
  present: readonly PresentMember[],
  additive: boolean,
): BatchPlan {
  const unlisted = new Set(present);
  // Of an older release there may be a second member of one server.
  const byEndpoint = Map.groupBy(present, endpoint);
  const plan: BatchPlan = {
    created: [],
    updated: [],
    removed: [],
    newSubnets: [],
    moves: false,
    wantsSriov: false,
  };
  for (const entry of entries) {
    const same = byEndpoint.get(endpoint(entry.wish)) ?? [];
    const current = same.find(({ address }) => address === entry.wish.address) ?? same[0];
    if (current) {
      unlisted.delete(current);
      addMatched(plan, current, matched(current, entry));
    } else {
      plan.created.push(entry.wish);
      plan.newSubnets.push(entry.wish.subnetId);
      plan.wantsSriov ||= entry.wish.requestSriov;
    }
  }
  if (!additive) plan.removed.push(...unlisted);
  return plan;
}
