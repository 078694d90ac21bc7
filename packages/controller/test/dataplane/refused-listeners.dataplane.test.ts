/** What clients get while a real HAProxy refuses one of the listeners. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadBalancerTree } from '../../src/domain/resources.ts';
import { MEMBER_PORT, memberAddress, OneAmphora, VIP } from './support/one-amphora.ts';
import { TestSecrets } from './support/secrets.ts';
import { TestAuthority } from './support/test-authority.ts';
import { listenerId, makeL7Policy, makeL7Rule, makeMember, makeTree, poolId } from './support/tree.ts';

const secrets = new TestSecrets();
let one: OneAmphora;
let tree: LoadBalancerTree;

beforeAll(async () => {
  const authority = await TestAuthority.create('CA');
  secrets.pair('site', await authority.issue({ subject: { CN: 'www.test' }, dnsNames: ['www.test'] }));
  one = await OneAmphora.create(2, secrets);
  tree = makeTree({
    loadBalancer: { vip: { address: VIP } },
    listeners: [
      { protocol: 'HTTP', protocolPort: 80, defaultPoolId: poolId(1) },
      {
        protocol: 'TERMINATED_HTTPS',
        protocolPort: 443,
        defaultTlsContainerRef: 'site',
        defaultPoolId: poolId(1),
        tlsCiphers: 'NO-SUCH-CIPHER',
      },
    ],
    pools: [{}],
    members: [makeMember(1, { address: memberAddress(1), protocolPort: MEMBER_PORT })],
  });
});
afterAll(async () => {
  await one?.destroy();
});

const get = (url: string): string => one.inTown('curl', '-sk', '--max-time', '5', url);

test('the others serve, and take every further change', async () => {
  const { method, unusable = [] } = await one.apply(tree);
  expect(method).toBe('start');
  expect(unusable.map((broken) => broken.listenerId)).toEqual([listenerId(2)]);
  const reason = unusable[0]?.reason ?? '';
  expect(reason).toContain('NO-SUCH-CIPHER');
  expect(reason).not.toMatch(/NOTICE|ALERT|haproxy\.cfg|\/var\/|version|\n/);
  expect(get(`http://${VIP}/`)).toBe('m1');
  tree.members = [makeMember(2, { address: memberAddress(2), protocolPort: MEMBER_PORT })];
  expect((await one.apply(tree)).unusable).toHaveLength(1);
  await expect.poll(() => get(`http://${VIP}/`)).toBe('m2');
});

test('the refused one serves once it is mended', async () => {
  tree.listeners[1]!.tlsCiphers = 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384';
  expect(await one.apply(tree)).toEqual({ method: 'reload' });
  await expect.poll(() => get(`https://${VIP}/`)).toBe('m2');
});

test('one that served goes on as before when what it becomes is refused', async () => {
  tree.l7policies = [makeL7Policy(1)];
  tree.l7rules = [makeL7Rule(1, { compareType: 'REGEX', value: '(' })];
  tree.members = [makeMember(1, { address: memberAddress(1), protocolPort: MEMBER_PORT })];
  const { unusable = [] } = await one.apply(tree);
  expect(unusable.map((broken) => broken.listenerId)).toEqual([listenerId(1)]);
  expect(unusable[0]?.reason).toContain("regex '(' is invalid");
  await expect.poll(() => get(`https://${VIP}/`)).toBe('m1');
  expect(get(`http://${VIP}/`)).toBe('m2');
});
