/** The network service, version 2.0: who asks it, and what it can do. */
import { fields, list, text } from './answer.ts';
import { type Call, request } from './request.ts';
import type { LoggedInService, OpenStackSession } from './session.ts';

/** Extensions of Neutron that make a difference here. */
export type Extension =
  | 'allowed-address-pairs'
  | 'dns-integration'
  | 'network-ip-availability'
  | 'qos'
  | 'security-group'
  | 'standard-attr-tag';

/** Milliseconds. An operator who adds a plugin restarts Neutron, too; nobody notices this long. */
const EXTENSIONS_MS = 300_000;

/** Asks Neutron as somebody, for a path below `/v2.0`. @throws OctaviaError OPENSTACK_… */
export type Ask = <T>(call: Call<T>) => Promise<T>;

export class Neutron {
  readonly #service: LoggedInService;
  /** As the service user. */
  readonly ask: Ask;
  #extensions: { found: Promise<ReadonlySet<string>>; until: number } | null = null;

  constructor(session: OpenStackSession) {
    const service = session.service({ title: 'Neutron', type: 'network', section: 'neutron' });
    // The catalogue has it with or without its version.
    const address = async (signal: AbortSignal) => (await service.address(signal)).replace(/\/v2(\.0)?$/, '');
    this.#service = { ...service, address };
    this.ask = this.#asking();
  }

  /** With the rights of somebody else: OPENSTACK_UNAUTHORISED is of the token's owner. */
  as(token: string): Ask {
    return this.#asking({ identity: async () => ({ 'x-auth-token': token }), renew: async () => false });
  }

  /** Of the login; null where it has none. */
  projectId(): Promise<string | null> {
    return this.#service.projectId();
  }

  /** Asked once in five minutes. @throws OctaviaError OPENSTACK_… */
  async has(extension: Extension): Promise<boolean> {
    const now = performance.now();
    if (this.#extensions === null || this.#extensions.until < now) {
      const found = this.#askExtensions();
      const asked = { found, until: now + EXTENSIONS_MS };
      this.#extensions = asked;
      found.catch(() => {
        if (this.#extensions === asked) this.#extensions = null;
      });
    }
    return (await this.#extensions.found).has(extension);
  }

  #asking(identity: Partial<LoggedInService> = {}): Ask {
    const service = { ...this.#service, ...identity };
    return (call) => request(service, { ...call, path: `/v2.0${call.path}` });
  }

  #askExtensions(): Promise<ReadonlySet<string>> {
    return this.ask({
      method: 'GET',
      path: '/extensions',
      query: { fields: 'alias' },
      read: (body) => new Set(list(fields(body, 'the answer'), 'extensions').map((one) => text(one, 'alias'))),
    });
  }
}
