import { describe, expect, it } from 'vitest';
import { noauth } from '../../src/api/authentication/noauth.ts';
import { authorise, visibleProjects } from '../../src/api/caller.ts';

const tenant = { projectId: 'a', isAdmin: false };
const admin = { projectId: null, isAdmin: true };

describe('callers', () => {
  it('work with objects of their own project, administrators with all', () => {
    expect(() => authorise(tenant, 'a')).not.toThrow();
    expect(() => authorise(admin, 'b')).not.toThrow();
    expect(() => authorise(tenant, 'b')).toThrow('Policy does not allow this request to be performed.');
  });

  it('see lists of their own project, administrators of all', () => {
    expect(visibleProjects(tenant)).toEqual({ projectId: 'a' });
    expect(visibleProjects(admin)).toEqual({});
    expect(() => visibleProjects({ projectId: null, isAdmin: false })).toThrow('Policy does not allow');
  });

  it('without authentication are administrators of the project that their header names', () => {
    expect(noauth({ 'x-project-id': 'a' })).toEqual({ projectId: 'a', isAdmin: true });
    expect(noauth({ 'x-project-id': '' })).toEqual({ projectId: null, isAdmin: true });
  });
});
