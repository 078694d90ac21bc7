import type { Api, CallOptions } from './api.ts';
import { ProvisionedCollection } from './collection.ts';
import { pathPart } from './path-part.ts';
import type { Member, MemberCreate, MemberFilter, MemberUpdate } from './wire.gen.ts';

/** The members of one pool. */
export class Members extends ProvisionedCollection<Member, MemberCreate, MemberUpdate, MemberFilter> {
  constructor(api: Api, poolId: string) {
    const path = `/v2/lbaas/pools/${pathPart(poolId)}/members`;
    super(api, { path, singular: 'member', plural: 'members' });
  }

  /**
   * All at once: those whose address and port exist are changed, others are created, and those that are not named go.
   * @param additiveOnly those that are not named stay
   */
  async replaceAll(
    members: readonly MemberCreate[],
    { additiveOnly, ...options }: CallOptions & { additiveOnly?: boolean } = {},
  ): Promise<void> {
    await this.api.request('PUT', this.kind.path, {
      body: { members },
      query: { additive_only: additiveOnly },
      ...options,
    });
  }
}
