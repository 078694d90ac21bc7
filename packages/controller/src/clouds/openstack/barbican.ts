/** The key manager, version 1. */
import { OctaviaError } from '../../errors.ts';
import { type Fields, fields, list, text, UnexpectedAnswer } from './answer.ts';
import { type Call, logIn, request } from './request.ts';
import type { LoggedInService, OpenStackSession } from './session.ts';

/** Something that Barbican keeps: one secret, or a container with the names of several. */
export interface BarbicanObject {
  kind: 'secrets' | 'containers';
  /** UUID. */
  id: string;
}

/** Who may read an object beside its creator. */
export interface AccessList {
  users: readonly string[];
  /** Everybody of its project may. */
  isOpenToProject: boolean;
}

/** Who uses an object here. */
export interface Consumer {
  resourceType: 'listener' | 'pool';
  resourceId: string;
}

/** The token of a user who names a secret. */
export type UserToken = string;

/** A caller waits for a secret, and so does everything that the worker has to do for the load balancer. */
const DEADLINE_MS = 20_000;
const SECRET_CONSUMERS = 'key-manager 1.1';
const SERVICE_NAME = 'octavia';

const OBJECT = /(?:^|\/)(secrets|containers)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/?$/i;
const BARE_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What a reference names. Its host is not looked at: secrets are read where the catalogue has the key manager, or a tenant could
 * have the service user's token sent anywhere.
 * @returns null when it names nothing that Barbican could keep
 */
export function objectOf(ref: string): BarbicanObject | null {
  if (BARE_ID.test(ref)) return { kind: 'secrets', id: ref.toLowerCase() };
  const [, kind, id] = OBJECT.exec(ref) ?? [];
  if (kind === undefined || id === undefined) return null;
  return { kind: kind.toLowerCase() as BarbicanObject['kind'], id: id.toLowerCase() };
}

const pathOf = ({ kind, id }: BarbicanObject): string => `/v1/${kind}/${id}`;
const objectBody = (body: unknown): Fields => fields(body, 'the answer');
const nothing = (): undefined => undefined;

export class Barbican {
  readonly #service: LoggedInService;

  constructor(session: OpenStackSession) {
    const service = session.service({ title: 'Barbican', type: 'key-manager', section: 'certificates' });
    // The catalogue has it with or without its version.
    this.#service = { ...service, address: async (signal) => (await service.address(signal)).replace(/\/v1$/, '') };
  }

  /** Our user, whom access lists name. null where the login has none. @throws OctaviaError OPENSTACK_… */
  async userId(): Promise<string | null> {
    await logIn(this.#service);
    return this.#service.userId();
  }

  /** Content of a secret. @throws OctaviaError OPENSTACK_NOT_FOUND, OPENSTACK_UNAUTHORISED, OPENSTACK_UNAVAILABLE, … */
  payload(id: string): Promise<Buffer> {
    const path = `/v1/secrets/${id}/payload`;
    return this.#ask({
      method: 'GET',
      path,
      // Whatever it was stored as: text, too.
      headers: { accept: 'application/octet-stream' },
      raw: true,
      read: (bytes) => {
        if (Buffer.isBuffer(bytes)) return bytes;
        throw new UnexpectedAnswer('a payload is no bytes');
      },
    });
  }

  /** Ids of the secrets of a container by their names. @throws OctaviaError OPENSTACK_… */
  secretsOf(id: string, user?: UserToken): Promise<ReadonlyMap<string, string>> {
    const read = (body: unknown): ReadonlyMap<string, string> =>
      new Map(
        list(objectBody(body), 'secret_refs').map((entry) => {
          const ref = objectOf(text(entry, 'secret_ref'));
          if (ref === null) throw new UnexpectedAnswer('secret_ref names no secret');
          return [text(entry, 'name'), ref.id];
        }),
      );
    return this.#ask({ method: 'GET', path: `/v1/containers/${id}`, read }, user);
  }

  /** @throws OctaviaError OPENSTACK_… */
  accessList(object: BarbicanObject, user: UserToken): Promise<AccessList> {
    const read = (body: unknown): AccessList => {
      const { users = [], 'project-access': isOpen = true } = fields(objectBody(body).read, 'read');
      if (!Array.isArray(users)) throw new UnexpectedAnswer('users is no list');
      return { users: users.map(String), isOpenToProject: isOpen !== false };
    };
    return this.#ask({ method: 'GET', path: `${pathOf(object)}/acl`, read }, user);
  }

  /** Replaces the list. @throws OctaviaError OPENSTACK_… */
  async setAccessList(object: BarbicanObject, { users, isOpenToProject }: AccessList, user: UserToken): Promise<void> {
    const body = { read: { users, 'project-access': isOpenToProject } };
    await this.#ask({ method: 'PUT', path: `${pathOf(object)}/acl`, body, read: nothing }, user);
  }

  /** May be done twice. @throws OctaviaError OPENSTACK_… */
  async addConsumer(object: BarbicanObject, consumer: Consumer): Promise<void> {
    await this.#ask({ method: 'POST', ...consumerCall(object, consumer), read: nothing });
  }

  /** One that is not there is well. @throws OctaviaError OPENSTACK_… */
  async removeConsumer(object: BarbicanObject, consumer: Consumer): Promise<void> {
    try {
      await this.#ask({ method: 'DELETE', ...consumerCall(object, consumer), read: nothing });
    } catch (error) {
      if (!(error instanceof OctaviaError) || error.code !== 'OPENSTACK_NOT_FOUND') throw error;
    }
  }

  /** Whether it lets the service user in. @throws OctaviaError OPENSTACK_… */
  async reach(): Promise<void> {
    await this.#ask({ method: 'GET', path: '/v1/secrets', query: { limit: '1' }, read: objectBody });
  }

  #ask<T>(call: Call<T>, user?: UserToken): Promise<T> {
    const service = user === undefined ? this.#service : inTheNameOf(user, this.#service);
    return request(service, { deadlineMs: DEADLINE_MS, ...call });
  }
}

/** The token is the user's, and only the user gets another. */
const inTheNameOf = (token: UserToken, service: LoggedInService): LoggedInService => ({
  ...service,
  identity: async () => ({ 'x-auth-token': token }),
  renew: async () => false,
});

function consumerCall(object: BarbicanObject, { resourceType, resourceId }: Consumer) {
  const path = `${pathOf(object)}/consumers`;
  if (object.kind === 'containers') {
    return { path, body: { name: SERVICE_NAME, URL: `/v2/lbaas/${resourceType}s/${resourceId}` } };
  }
  const body = { service: SERVICE_NAME, resource_type: resourceType, resource_id: resourceId };
  return { path, body, microversion: SECRET_CONSUMERS };
}
