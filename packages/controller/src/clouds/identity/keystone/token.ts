/** A token as Keystone describes it. */
import type { CatalogService, Identity } from '../interface.ts';

export interface ValidatedToken {
  identity: Identity;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function service(entry: unknown): CatalogService[] {
  const type = text(object(entry)?.type);
  if (type === null) return [];
  const endpoints = list(object(entry)?.endpoints).flatMap((endpoint) => {
    const url = text(object(endpoint)?.url);
    return url === null ? [] : [{ interface: text(object(endpoint)?.interface) ?? '', url }];
  });
  return [{ type, name: text(object(entry)?.name) ?? type, endpoints }];
}

/** @returns null when this is not the answer of a Keystone v3 */
export function parseToken(body: unknown): ValidatedToken | null {
  const token = object(object(body)?.token);
  const user = object(token?.user);
  const expiresAt = Date.parse(text(token?.expires_at) ?? '');
  if (token === null || user === null || text(user.id) === null || Number.isNaN(expiresAt)) return null;
  const project = object(token.project);
  const roles = list(token.roles).map((role) => text(object(role)?.name));
  return {
    expiresAt,
    identity: {
      userId: text(user.id),
      userName: text(user.name),
      userDomainId: text(object(user.domain)?.id),
      projectId: text(project?.id),
      projectName: text(project?.name),
      projectDomainId: text(object(project?.domain)?.id),
      domainId: text(object(token.domain)?.id),
      systemScope: object(token.system)?.all === true ? 'all' : null,
      roles: roles.filter((role) => role !== null),
      serviceRoles: [],
      ...(token.catalog === undefined ? {} : { catalog: list(token.catalog).flatMap(service) }),
    },
  };
}
