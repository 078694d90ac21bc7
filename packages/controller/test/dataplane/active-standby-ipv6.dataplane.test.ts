/** The same with an IPv6 VIP: another version of VRRP, without a password; an IPv4 VIP goes along. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../../test/kit/until.ts';
import { ActiveStandby, VIP4, VIP6, type Watch } from './support/active-standby.ts';

let pair: ActiveStandby;
let watches: Watch[];

beforeAll(async () => {
  pair = await ActiveStandby.create(6);
  await pair.configure();
  await pair.roles();
  watches = [pair.watch(`http://[${VIP6}]/`), pair.watch(`http://${VIP4}/`)];
  await until('both VIPs answer', () => watches.every((watch) => watch.answersSince(0) > 5));
});
afterAll(async () => pair?.destroy());

test('both VIPs answer again within three seconds when the active amphora loses its power', async () => {
  const { active, standby } = await pair.roles();
  const at = Date.now();
  await active.lab.powerOff();
  await until('the standby holds them', () => standby.holds(VIP6) && standby.holds(VIP4));
  const moved = Date.now();
  await until('both answer', () => watches.every((watch) => watch.answersSince(moved) > 2));
  for (const watch of watches) expect(watch.longestSilence(at)).toBeLessThan(3_000);
  const neighbours = pair.members[0].lab.inTestbed('ip', 'neigh');
  for (const vip of [VIP6, VIP4]) expect(neighbours).toMatch(new RegExp(`^${vip} .*${standby.mac}`, 'm'));
});
