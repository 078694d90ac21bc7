/** Batch update of members: the request's list against the pool's members (API contract §10, MB-BATCH). */
import type { Member } from '../../domain/resources.ts';
import { endpoint } from '../../domain/validation/member.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { parseCreate, unwrap } from '../attributes/body.ts';
import { MEMBER, MEMBERS_ENVELOPE, type MemberCreate } from '../attributes/member.ts';
import { invalid, isObject } from '../attributes/value-type.ts';

export interface BatchEntry {
  wish: MemberCreate;
  /** Whether the request names them: for a member that exists already, omission keeps the stored value. */
  given: { name: boolean; tags: boolean };
}

export interface BatchPlan {
  created: MemberCreate[];
  updated: Member[];
  removed: Member[];
}

/** @throws OctaviaError as for a member create; VALIDATION when a pair of address and port appears twice */
export function parseBatch(body: unknown): BatchEntry[] {
  const { argument, wrapper } = MEMBERS_ENVELOPE;
  const list = unwrap(body, MEMBERS_ENVELOPE);
  if (!Array.isArray(list)) throw invalid(wrapper, list, 'Value should be list');
  const entries = list.map((entry: unknown): BatchEntry => {
    if (!isObject(entry)) throw invalid(wrapper, entry, 'Value should be object');
    const wish = parseCreate(MEMBER, entry, { name: wrapper, path: `${argument}.${wrapper}` });
    const said = (name: string) => Object.hasOwn(entry, name) && entry[name] !== null;
    return { wish, given: { name: Object.hasOwn(entry, 'name'), tags: said('tags') } };
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

/** A matched member: defaults apply to what is omitted, except its name, subnet and tags. */
function matched(current: Member, { wish, given }: BatchEntry): Member {
  const { projectId: _ignored, subnetId: _fixed, requestSriov: _fixedToo, name, tags, ...rest } = wish;
  return { ...current, ...rest, ...(given.name ? { name } : {}), ...(given.tags ? { tags } : {}) };
}

export function planBatch(entries: readonly BatchEntry[], existing: readonly Member[], additive: boolean): BatchPlan {
  const byEndpoint = new Map(existing.map((member) => [endpoint(member), member]));
  const plan: BatchPlan = { created: [], updated: [], removed: [] };
  for (const entry of entries) {
    const current = byEndpoint.get(endpoint(entry.wish));
    byEndpoint.delete(endpoint(entry.wish));
    if (current) plan.updated.push(matched(current, entry));
    else plan.created.push(entry.wish);
  }
  if (!additive) plan.removed.push(...byEndpoint.values());
  return plan;
}
