/**
 * Read access of the service user to secrets of tenants. Barbican gives it in nobody's name but that of the secret's project, so
 * it is asked for, and given back, while a request of a user is at hand; a table of the database knows what is still to be given back.
 */
import type { Log } from '@octavia/protocol/log';
import type { Database } from '../../../store/core/database.ts';
import * as grants from '../../../store/resources/secret-uses.ts';
import { type Barbican, type BarbicanObject, objectOf, type UserToken } from '../../openstack/barbican.ts';
import type { SecretReader } from '../manager.ts';

/** A request that named a reference has written its object by then, or never will. */
const GRACE_SECONDS = 120;

const nameOf = ({ kind, id }: BarbicanObject): string => `${kind}/${id}`;

export interface AccessDependencies {
  barbican: Barbican;
  database: Database;
  log: Log;
  /** Default: two minutes. */
  graceSeconds?: number;
}

export class BarbicanAccess {
  readonly #barbican: Barbican;
  readonly #database: Database;
  readonly #log: Log;
  readonly #graceSeconds: number;
  #giving: Promise<void> = Promise.resolve();

  constructor({ barbican, database, log, graceSeconds = GRACE_SECONDS }: AccessDependencies) {
    this.#barbican = barbican;
    this.#database = database;
    this.#log = log;
    this.#graceSeconds = graceSeconds;
  }

  /**
   * Makes sure that the caller may see what the reference names, and that the service user may read it. Who acts for another
   * project is an administrator, and gives nothing: what the service user can read already is all there is.
   * @throws OctaviaError OPENSTACK_NOT_FOUND, OPENSTACK_UNAUTHORISED, …
   */
  async ask(ref: string, object: BarbicanObject, { projectId, caller }: SecretReader): Promise<void> {
    if (caller === undefined || caller.projectId !== projectId) return;
    const { token } = caller;
    const user = await this.#barbican.userId();
    if (user === null) return;
    const objects = await this.#guarded(object, token);
    await grants.claim(this.#database, { ref, projectId, objects: objects.map(nameOf) });
    await Promise.all(objects.map((one) => this.#extend(ref, one, { user, token })));
  }

  /** Begins to give back what nothing in the project needs any longer, as far as the token allows. */
  release(projectId: string, token: UserToken, unregister: (ref: string) => Promise<void>): void {
    // One after another: two at once would read a list before either has written it.
    this.#giving = this.#giving.then(() => this.#giveAllBack(projectId, token, unregister));
  }

  stop(): Promise<void> {
    return this.#giving;
  }

  async #giveAllBack(projectId: string, token: UserToken, unregister: (ref: string) => Promise<void>): Promise<void> {
    try {
      const idle = await grants.idleGrants(this.#database, projectId, this.#graceSeconds);
      // Consumers first: who may not read a secret may not sign off as its consumer.
      for (const ref of new Set(idle.map((grant) => grant.ref))) await unregister(ref);
      for (const grant of idle) await this.#giveBack(grant, token);
    } catch (error) {
      this.#log.warn({ err: error, project: projectId }, 'Read access to secrets is not given back yet');
    }
  }

  /** What has access lists: a container, and each secret in it. */
  async #guarded(object: BarbicanObject, token: UserToken): Promise<BarbicanObject[]> {
    if (object.kind === 'secrets') return [object];
    const ids = new Set((await this.#barbican.secretsOf(object.id, token)).values());
    return [object, ...[...ids].map((id) => ({ kind: 'secrets' as const, id }))];
  }

  async #extend(
    ref: string,
    object: BarbicanObject,
    { user, token }: { user: string; token: UserToken },
  ): Promise<void> {
    const list = await this.#barbican.accessList(object, token);
    if (list.users.includes(user)) return;
    // Before it is done, or a crash would leave access that nobody knows of.
    await grants.own(this.#database, { ref, object: nameOf(object) });
    await this.#barbican.setAccessList(object, { ...list, users: [...list.users, user] }, token);
  }

  async #giveBack(grant: grants.Grant, token: UserToken): Promise<void> {
    const object = objectOf(grant.object);
    if (object !== null && (await grants.isLast(this.#database, grant))) await this.#shorten(object, token);
    await grants.forgetGrant(this.#database, grant);
  }

  async #shorten(object: BarbicanObject, token: UserToken): Promise<void> {
    const user = await this.#barbican.userId();
    try {
      const list = await this.#barbican.accessList(object, token);
      const users = list.users.filter((one) => one !== user);
      if (users.length < list.users.length) await this.#barbican.setAccessList(object, { ...list, users }, token);
    } catch (error) {
      if (Object(error).code !== 'OPENSTACK_NOT_FOUND') throw error;
    }
  }
}
