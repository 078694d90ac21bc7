/** A site on one amphora: its certificate, its listeners, and members among those beside the amphora. */
import { X509Certificate } from 'node:crypto';
import type { Listener, LoadBalancerTree, Member } from '../../../src/domain/resources.ts';
import { MEMBER_PORT, memberAddress, VIP } from './one-amphora.ts';
import type { TestSecrets } from './secrets.ts';
import { TestAuthority } from './test-authority.ts';
import { makeMember, makeTree, poolId } from './tree.ts';

/** Gives the site a certificate, or another one. @returns its fingerprint, SHA-256 */
export async function certify(secrets: TestSecrets): Promise<string> {
  const authority = await TestAuthority.create('CA');
  const issued = await authority.issue({ subject: { CN: 'www.test' }, dnsNames: ['www.test'] });
  secrets.pair('site', issued);
  return new X509Certificate(issued.certificate).fingerprint256;
}

export const member = (n: number, given: Partial<Member> = {}): Member =>
  makeMember(n, { address: memberAddress(n), protocolPort: MEMBER_PORT, ...given });

const HTTP: Partial<Listener> = { protocol: 'HTTP', protocolPort: 80, defaultPoolId: poolId(1) };
export const HTTPS: Partial<Listener> = {
  protocol: 'TERMINATED_HTTPS',
  protocolPort: 443,
  defaultTlsContainerRef: 'site',
  defaultPoolId: poolId(1),
};

/** One pool, with the first member; the site in HTTP and HTTPS unless other listeners are given. */
export const makeSite = (listeners: Partial<Listener>[] = [HTTP, HTTPS]): LoadBalancerTree =>
  makeTree({ loadBalancer: { vip: { address: VIP } }, listeners, pools: [{}], members: [member(1)] });
