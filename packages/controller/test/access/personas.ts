/** Who may do what, written down once more by hand from the operator's manual: what the rules are compared with. */

export interface Persona {
  roles: readonly string[];
  scope: 'own project' | 'other project' | 'system';
}

const ROLES: readonly (readonly string[])[] = [
  [],
  ['reader'],
  ['member', 'reader'],
  ['load-balancer_observer'],
  ['load-balancer_observer', 'reader'],
  ['load-balancer_member'],
  ['load-balancer_member', 'member'],
  ['load-balancer_global_observer'],
  ['load-balancer_quota_admin'],
  ['load-balancer_admin'],
  ['admin'],
  ['service'],
];

export const PERSONAS: readonly Persona[] = ROLES.flatMap((roles) =>
  (['own project', 'other project', 'system'] as const).map((scope) => ({ roles, scope })),
);

export type Group =
  | 'read'
  | 'read-or-service'
  | 'read-global'
  | 'write'
  | 'read-quota'
  | 'read-quota-global'
  | 'write-quota'
  | 'admin';

/**
 * @param owner the object belongs to the project of the token
 * @param strict `enforce_scope` and `enforce_new_defaults` are both on
 */
export function expected(group: Group, { roles, scope }: Persona, owner: boolean, strict: boolean): boolean {
  const has = (role: string): boolean => roles.includes(role);
  const system = scope === 'system';
  const admin = has('load-balancer_admin') || (has('admin') && (system || !strict));
  const globalObserver = has('load-balancer_global_observer') || (has('reader') && system);
  const observer = owner && has('load-balancer_observer') && (has('reader') || !strict);
  const member = owner && has('load-balancer_member') && (has('member') || !strict);
  const quotaAdmin = has('load-balancer_quota_admin');
  const readGlobal = admin || globalObserver;
  const read = readGlobal || observer || member;
  return {
    read,
    'read-or-service': read || has('service'),
    'read-global': readGlobal,
    write: admin || member,
    'read-quota': read || quotaAdmin,
    'read-quota-global': readGlobal || quotaAdmin,
    'write-quota': admin || quotaAdmin,
    admin,
  }[group];
}
