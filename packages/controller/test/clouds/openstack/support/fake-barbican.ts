import { randomUUID } from 'node:crypto';
import type { Holder } from '../../../identity/fake-keystone.ts';
import { type Answer, type Asked, FakeService } from './fake-service.ts';

interface Stored {
  projectId: string | null;
  creatorId: string;
  acl: { users: string[]; 'project-access': boolean };
  /** As they were registered; one is there once. */
  consumers: Record<string, string>[];
  payload?: Buffer;
  /** Of a container. */
  refs?: { name: string; secret_ref: string }[];
}

type Kind = 'secrets' | 'containers';

/** Where the references of tenants lead: nowhere, for nobody may follow them. */
const HOST = 'http://keys.invalid:9311';
const TITLES = { secrets: 'Secret', containers: 'Container' };

/** Version 1 of the key manager, as far as secrets and containers are made, read, guarded and consumed. */
export class FakeBarbican extends FakeService {
  readonly stored = new Map<string, Stored>();

  protected answer({ method, body, headers }: Asked, { pathname }: URL): Answer {
    const holder = this.keystone.holder(headers['x-auth-token']);
    const [, kind, id, part] =
      /^\/v1\/(secrets|containers)(?:\/([^/]+))?(?:\/(payload|acl|consumers))?$/.exec(pathname) ?? [];
    if (holder === null || kind === undefined)
      return refused(404, 'Not Found', 'Sorry but your container is in another castle.');
    if (id === undefined) return method === 'POST' ? this.#make(kind as Kind, holder, body) : this.#list(kind);
    const stored = this.stored.get(`${kind}/${id}`);
    const isKnown = stored !== undefined && (part !== 'payload' || stored.payload !== undefined);
    if (!isKnown) return refused(404, 'Not Found', `Not Found. Provided ${kind.slice(0, -1)} id is invalid.`);
    const ofProject =
      holder.projectId === stored.projectId && (stored.acl['project-access'] || holder.userId === stored.creatorId);
    const mayRead = part === 'acl' ? ofProject : ofProject || stored.acl.users.includes(holder.userId);
    if (!mayRead)
      return refused(
        403,
        'Forbidden',
        `${TITLES[kind as Kind]} retrieval attempt not allowed - please review your user/project privileges`,
      );
    if (part === 'payload') return { status: 200, body: stored.payload };
    if (part === 'acl') return accessList(stored, method, body);
    if (part === 'consumers') return this.#consume(stored, method, body as Record<string, string>);
    if (method !== 'DELETE') return { status: 200, body: this.#described(kind as Kind, id, stored) };
    this.stored.delete(`${kind}/${id}`);
    return { status: 204 };
  }

  #make(kind: Kind, { projectId, userId }: Holder, body: unknown): Answer {
    const { payload, payload_content_encoding: encoding, secret_refs: refs } = body as Wish;
    const id = randomUUID();
    this.stored.set(`${kind}/${id}`, {
      projectId,
      creatorId: userId,
      acl: { users: [], 'project-access': true },
      consumers: [],
      // Text loses the white space at its ends.
      ...(payload === undefined
        ? {}
        : { payload: Buffer.from(encoding ? payload : payload.trim(), encoding ?? 'utf8') }),
      ...(refs === undefined ? {} : { refs }),
    });
    return { status: 201, body: { [`${kind.slice(0, -1)}_ref`]: `${HOST}/v1/${kind}/${id}` } };
  }

  #list(kind: string): Answer {
    return { status: 200, body: { [kind]: [], total: 0 } };
  }

  #described(kind: Kind, id: string, { refs, consumers }: Stored): object {
    const common = { status: 'ACTIVE', consumers, [`${kind.slice(0, -1)}_ref`]: `${HOST}/v1/${kind}/${id}` };
    return refs === undefined
      ? { ...common, content_types: { default: 'text/plain' } }
      : { ...common, secret_refs: refs };
  }

  #consume({ consumers }: Stored, method: string, consumer: Record<string, string>): Answer {
    const index = consumers.findIndex((one) => JSON.stringify(one) === JSON.stringify(consumer));
    if (method === 'GET') return { status: 200, body: { consumers } };
    if (method === 'POST' && index < 0) consumers.push(consumer);
    if (method === 'DELETE' && index < 0) return refused(404, 'Not Found', 'Consumer not found.');
    if (method === 'DELETE') consumers.splice(index, 1);
    return { status: 200, body: { status: 'ACTIVE', consumers } };
  }
}

interface Wish {
  payload?: string;
  payload_content_encoding?: 'base64';
  secret_refs?: { name: string; secret_ref: string }[];
}

function accessList(stored: Stored, method: string, body: unknown): Answer {
  if (method === 'PUT') {
    const { users = [], 'project-access': isOpen = true } = (body as { read: Partial<Stored['acl']> }).read;
    stored.acl = { users, 'project-access': isOpen };
    return { status: 200, body: { acl_ref: 'there' } };
  }
  const { users, 'project-access': isOpen } = stored.acl;
  // A list that nobody has written names no users.
  return { status: 200, body: { read: { 'project-access': isOpen, ...(users.length === 0 ? {} : { users }) } } };
}

const refused = (code: number, title: string, description: string): Answer => ({
  status: code,
  body: { code, title, description },
});
