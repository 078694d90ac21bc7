/** Who is who in this Keystone: projects, users with their roles, and the catalogue. */
import { API, KEYSTONE, NETWORK, PASSWORD } from './servers.ts';

/** user → project and roles */
export const PEOPLE = {
  jane: { project: 'engineering', roles: ['load-balancer_member', 'member'] },
  rita: { project: 'engineering', roles: ['load-balancer_observer', 'reader'] },
  eve: { project: 'outside', roles: ['load-balancer_member', 'member'] },
  nora: { project: 'engineering', roles: ['member'] },
  quinn: { project: 'outside', roles: ['load-balancer_quota_admin'] },
  glen: { project: 'outside', roles: ['load-balancer_global_observer'] },
  boss: { project: 'outside', roles: ['load-balancer_admin'] },
} as const;

export type Person = keyof typeof PEOPLE | 'admin';

export async function call(
  method: string,
  path: string,
  token: string,
  body?: object,
  more: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(`${KEYSTONE}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-auth-token': token, ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

/** @param scope project by name, or the whole system */
export async function login(user: string, scope: { project: string } | 'system'): Promise<string> {
  const domain = { id: 'default' };
  const identity = { methods: ['password'], password: { user: { name: user, domain, password: PASSWORD } } };
  const asked = scope === 'system' ? { system: { all: true } } : { project: { name: scope.project, domain } };
  const response = await call('POST', '/auth/tokens', '', { auth: { identity, scope: asked } });
  return response.headers.get('x-subject-token') ?? '';
}

export async function revoke(token: string): Promise<void> {
  await fetch(`${KEYSTONE}/auth/tokens`, {
    method: 'DELETE',
    headers: { 'x-auth-token': token, 'x-subject-token': token },
  });
}

/** @param network where the catalogue says that the network service is */
export async function settlePeople(network = NETWORK): Promise<void> {
  const token = await login('admin', { project: 'admin' });
  const create = async (kind: string, wrapper: string, attributes: object): Promise<string> => {
    const response = await call('POST', `/${kind}`, token, { [wrapper]: attributes });
    return ((await response.json()) as Record<string, { id: string }>)[wrapper]!.id;
  };
  const listed = await (await call('GET', '/roles', token)).json();
  const roles = new Map((listed as { roles: { id: string; name: string }[] }).roles.map(({ id, name }) => [name, id]));
  const people = [...Object.entries(PEOPLE), ['octavia', { project: 'service', roles: ['admin', 'service'] }] as const];
  const projects = new Map<string, string>();
  for (const [name, { project, roles: wanted }] of people) {
    if (!projects.has(project)) projects.set(project, await create('projects', 'project', { name: project }));
    const user = await create('users', 'user', { name, password: PASSWORD });
    for (const role of wanted) {
      if (!roles.has(role)) roles.set(role, await create('roles', 'role', { name: role }));
      await call('PUT', `/projects/${projects.get(project)}/users/${user}/roles/${roles.get(role)}`, token);
    }
  }
  for (const [type, url] of [
    ['load-balancer', API],
    ['network', network],
  ]) {
    const service_id = await create('services', 'service', { type, name: type });
    for (const name of ['public', 'internal', 'admin']) {
      await create('endpoints', 'endpoint', { service_id, interface: name, url, region_id: 'RegionOne' });
    }
  }
}
