/** Without Keystone: whoever asks is believed. */
import { describe, expect, it } from 'vitest';
import { NoauthIdentityDriver } from '../../src/clouds/identity/noauth/driver.ts';

describe('without authentication', () => {
  it('headers say who asks', async () => {
    const driver = new NoauthIdentityDriver();
    expect(driver.trustsEverybody).toBe(true);
    expect(await driver.identify({ 'x-project-id': 'a', 'x-roles': 'x, y,', 'x-user-id': 'u' })).toMatchObject({
      projectId: 'a',
      userId: 'u',
      roles: ['x', 'y'],
    });
    expect(await driver.identify({ 'x-project-id': '' })).toMatchObject({ projectId: null, roles: [] });
    expect(await driver.identify({ 'x-tenant-id': 't' })).toMatchObject({ projectId: 't' });
    await driver.close();
  });
});
