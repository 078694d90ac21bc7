/** What clients get while a real HAProxy refuses one of the listeners. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OneAmphora, VIP } from './support/one-amphora.ts';
import { TestSecrets } from './support/secrets.ts';
import { certify, makeSite, member } from './support/site.ts';
import { listenerId, makeL7Policy, makeL7Rule } from './support/tree.ts';

const tree = makeSite();
const [, secure] = tree.listeners;
let one: OneAmphora;

beforeAll(async () => {
  const secrets = new TestSecrets();
  await certify(secrets);
  one = await OneAmphora.create(2, secrets);
  secure!.tlsCiphers = 'NO-SUCH-CIPHER';
});
afterAll(async () => {
  await one?.destroy();
});

const get = (url: string): string => one.inTestbed('curl', '-sk', '--max-time', '5', url);

test('the others serve, and take every further change', async () => {
  const { method, unusable = [] } = await one.apply(tree);
  expect(method).toBe('start');
  expect(unusable.map((broken) => broken.listenerId)).toEqual([listenerId(2)]);
  const reason = unusable[0]?.reason ?? '';
  expect(reason).toContain('NO-SUCH-CIPHER');
  expect(reason).not.toMatch(/NOTICE|ALERT|haproxy\.cfg|\/var\/|version|\n/);
  expect(get(`http://${VIP}/`)).toBe('m1');
  tree.members = [member(2)];
  expect((await one.apply(tree)).unusable).toHaveLength(1);
  await expect.poll(() => get(`http://${VIP}/`)).toBe('m2');
});

test('the refused one serves once it is mended', async () => {
  secure!.tlsCiphers = 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384';
  expect(await one.apply(tree)).toEqual({ method: 'reload' });
  await expect.poll(() => get(`https://${VIP}/`)).toBe('m2');
});

test('one that served goes on as before when what it becomes is refused', async () => {
  tree.l7policies = [makeL7Policy(1)];
  tree.l7rules = [makeL7Rule(1, { compareType: 'REGEX', value: '(' })];
  tree.members = [member(1)];
  const { unusable = [] } = await one.apply(tree);
  expect(unusable.map((broken) => broken.listenerId)).toEqual([listenerId(1)]);
  expect(unusable[0]?.reason).toContain("regex '(' is invalid");
  await expect.poll(() => get(`https://${VIP}/`)).toBe('m1');
  expect(get(`http://${VIP}/`)).toBe('m2');
});
