import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { recountQuotas } from '../../src/operator/quota.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, openTestStore } from '../support/store.ts';

test('the command counts one project, or all', async () => {
  const { store, url, close } = await openTestStore();
  try {
    for (const projectId of ['one', 'one', 'two']) {
      await store.transaction((tx) => loadBalancers.insert(tx, aLoadBalancer({ projectId })));
    }
    expect(await recountQuotas(url, 'one')).toBe(1);
    const counted = async () =>
      (await store.pool.query('select project_id as project, load_balancer_in_use as n from quota order by 1')).rows;
    expect(await counted()).toEqual([{ project: 'one', n: 2 }]);
    expect(await recountQuotas(url)).toBe(2);
    expect(await counted()).toEqual([
      { project: 'one', n: 2 },
      { project: 'two', n: 1 },
    ]);
    expect(await recountQuotas(url, randomUUID())).toBe(0);
  } finally {
    await close();
  }
});
