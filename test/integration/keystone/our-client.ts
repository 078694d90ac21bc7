/** The client library behind this Keystone: each way to log in that it has without further services. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OctaviaClient, UnauthorizedError } from '@octavia/client';
import { type Connection, type ConnectOptions, connect } from '@octavia/client/keystone';
import { call, login, revoke } from './people.ts';
import { KEYSTONE, PASSWORD } from './servers.ts';

type Report = (good: boolean, what: string, seconds: number, why: string) => void;

const PERSON = `      auth_url: ${KEYSTONE}
      username: jane
      user_domain_name: Default
`;
const CLOUDS = `clouds:
  jane:
    auth:
${PERSON}      project_name: engineering
      project_domain_name: Default
    region_name: RegionOne
  discovered:
    auth:
${PERSON.replace(KEYSTONE, KEYSTONE.replace(/\/v3$/, ''))}      project_name: engineering
    domain_id: default
  credential:
    auth_type: v3applicationcredential
    auth:
      auth_url: ${KEYSTONE}
  token:
    auth_type: token
    auth:
      auth_url: ${KEYSTONE}
      project_name: engineering
      project_domain_id: default
  trust:
    auth:
${PERSON.replace('jane', 'nora')}
  system:
    auth:
${PERSON.replace('jane', 'admin')}      system_scope: all
`;

async function described(token: string): Promise<{ user: { id: string }; project: { id: string } }> {
  const response = await call('GET', '/auth/tokens', token, undefined, { 'x-subject-token': token });
  return ((await response.json()) as { token: { user: { id: string }; project: { id: string } } }).token;
}

/** @param folder where it may write */
export async function playOurClient(folder: string, report: Report): Promise<void> {
  const home = { env: { HOME: folder }, cwd: folder };
  writeFileSync(join(folder, 'clouds.yaml'), CLOUDS);
  writeFileSync(join(folder, 'secure.yaml'), `clouds: { jane: { auth: { password: ${PASSWORD} } } }\n`);

  const step = async (what: string, run: () => Promise<boolean>): Promise<void> => {
    const started = Date.now();
    const outcome = await run().catch((error: unknown) => String((error as Error).stack));
    report(outcome === true, `client library: ${what}`, (Date.now() - started) / 1000, String(outcome));
  };
  const open = (cloud: string, options: ConnectOptions['options'] = {}): Promise<Connection> =>
    connect({ ...home, options: { cloud, ...options } });
  const lists = async (client: OctaviaClient): Promise<boolean> =>
    Array.isArray(await client.loadBalancers.list({ limit: 2 }).toArray());

  const token = await login('jane', { project: 'engineering' });
  const { user, project } = await described(token);
  const nora = (await described(await login('nora', { project: 'engineering' }))).user.id;

  await step('password of secure.yaml', async () => lists(await (await open('jane')).client()));
  await step('address of Keystone without version, one domain for both', async () =>
    lists(await (await open('discovered', { password: PASSWORD })).client()),
  );
  await step('application credential', async () => {
    const wanted = { application_credential: { name: 'test', roles: [{ name: 'load-balancer_member' }] } };
    const made = await call('POST', `/users/${user.id}/application_credentials`, token, wanted);
    const { application_credential: one } = (await made.json()) as { application_credential: Record<string, string> };
    const options = { application_credential_id: one.id, application_credential_secret: one.secret };
    return lists(await (await open('credential', options)).client());
  });
  await step('token', async () => lists(await (await open('token', { token })).client()));
  await step('trust', async () => {
    const wanted = {
      trustor_user_id: user.id,
      trustee_user_id: nora,
      project_id: project.id,
      impersonation: false,
      roles: [{ name: 'load-balancer_member' }],
    };
    const made = await call('POST', '/OS-TRUST/trusts', token, { trust: wanted });
    const { trust } = (await made.json()) as { trust: { id: string } };
    const { session, client } = await open('trust', { trust_id: trust.id, password: PASSWORD });
    return (await session.token()).projectId === project.id && lists(await client());
  });
  await step('the whole system', async () => {
    const client = await (await open('system', { password: PASSWORD })).client();
    return Array.isArray(await client.quotas.list().toArray());
  });
  await step('a revoked token is renewed', async () => {
    const { session, client } = await open('jane');
    const octavia = await client();
    const first = await session.token();
    await revoke(first.id);
    // Until the service has forgotten that it knew the token.
    const until = Date.now() + 10_000;
    while ((await session.token()) === first && Date.now() < until) await lists(octavia);
    return (await session.token()).id !== first.id;
  });
  await step('a wrong password is refused in the words of Keystone', async () => {
    const { session } = await open('jane', { password: 'wrong' });
    const error = await session.token().catch((thrown: unknown) => thrown);
    return (
      error instanceof UnauthorizedError && /requires authentication/.test(error.message) && error.requestId !== null
    );
  });
}
