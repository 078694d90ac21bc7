/** A tenant of a cloud with Barbican, who stores secrets as tenants do: a fake's or a real one's. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Fields, fields, text } from '../../../src/clouds/openstack/answer.ts';
import { type Call, request } from '../../../src/clouds/openstack/request.ts';
import type { OpenStackSession } from '../../../src/clouds/openstack/session.ts';
import type { IssuedPem } from '../../dataplane/support/test-authority.ts';

const run = promisify(execFile);
const KIND = { title: 'Barbican', type: 'key-manager', section: 'certificates' } as const;

export class Tenant {
  readonly #session: OpenStackSession;
  /** What it has made, oldest first: `/v1/secrets/<id>` */
  readonly #made: string[] = [];

  constructor(session: OpenStackSession) {
    this.#session = session;
  }

  async caller(): Promise<{ token: string; projectId: string | null }> {
    const service = this.#session.service(KIND);
    const { 'x-auth-token': token = '' } = await service.identity(AbortSignal.timeout(60_000));
    return { token, projectId: await service.projectId() };
  }

  /** @returns the reference */
  async secret(payload: string | Buffer): Promise<string> {
    const content = Buffer.isBuffer(payload)
      ? {
          payload: payload.toString('base64'),
          payload_content_type: 'application/octet-stream',
          payload_content_encoding: 'base64',
        }
      : { payload, payload_content_type: 'text/plain' };
    return this.#make('secret', { name: 'octavia-test', secret_type: 'opaque', ...content });
  }

  /** @param parts contents by their names @returns the reference */
  async container(parts: Record<string, string>): Promise<string> {
    const refs = await Promise.all(
      Object.entries(parts).map(async ([name, content]) => ({ name, secret_ref: await this.secret(content) })),
    );
    return this.#make('container', { name: 'octavia-test', type: 'certificate', secret_refs: refs });
  }

  /** Of a container, its secrets. */
  async secretsOf(ref: string): Promise<string[]> {
    const { secret_refs } = await this.show(ref);
    return (secret_refs as { secret_ref: string }[]).map((entry) => entry.secret_ref);
  }

  /** How Barbican describes it, consumers among it. */
  show(ref: string): Promise<Fields> {
    const path = pathOf(ref);
    return this.#ask({ method: 'GET', path, microversion: 'key-manager 1.1', read: (body) => fields(body, 'it') });
  }

  async readers(ref: string): Promise<unknown[]> {
    const read = (body: unknown) => fields(fields(body, 'it').read, 'read').users as unknown[] | undefined;
    return (await this.#ask({ method: 'GET', path: `${pathOf(ref)}/acl`, read })) ?? [];
  }

  async setReaders(ref: string, users: string[], isOpen = true): Promise<void> {
    const body = { read: { users, 'project-access': isOpen } };
    await this.#ask({ method: 'PUT', path: `${pathOf(ref)}/acl`, body, read: () => undefined });
  }

  async delete(ref: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: pathOf(ref), read: () => undefined });
  }

  /** Everything that it has made. */
  async clear(): Promise<void> {
    for (const ref of this.#made.splice(0).reverse()) await this.delete(ref).catch(() => undefined);
  }

  async #make(kind: 'secret' | 'container', body: object): Promise<string> {
    const read = (answer: unknown) => text(fields(answer, 'the answer'), `${kind}_ref`);
    const ref = await this.#ask({ method: 'POST', path: `/v1/${kind}s`, body, read });
    this.#made.push(ref);
    return ref;
  }

  #ask<T>(call: Call<T>): Promise<T> {
    return request(this.#session.service(KIND), call);
  }
}

const pathOf = (ref: string): string => new URL(ref).pathname.replace(/^.*\/v1\//, '/v1/');

/** As `openssl pkcs12 -export` makes it, without a pass phrase. */
export async function pkcs12({ certificate, privateKey }: IssuedPem, authority: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'octavia-pkcs12-'));
  try {
    const path = (name: string) => join(folder, name);
    await writeFile(path('cert'), certificate);
    await writeFile(path('key'), privateKey);
    await writeFile(path('chain'), authority);
    const files = ['-in', path('cert'), '-inkey', path('key'), '-certfile', path('chain'), '-out', path('p12')];
    await run('openssl', ['pkcs12', '-export', '-passout', 'pass:', ...files]);
    return await readFile(path('p12'));
  } finally {
    await rm(folder, { recursive: true });
  }
}
