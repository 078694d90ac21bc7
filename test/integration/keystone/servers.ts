/** The three servers: Keystone, a stand-in for the network service that the client asks for names, and ours. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

export const KEYSTONE = 'http://127.0.0.1:5000/v3';
export const NETWORK = 'http://127.0.0.1:9696';
export const API = 'http://127.0.0.1:9876';
export const PASSWORD = 'only-for-this-test';

const OCTAVIA = join(import.meta.dirname, '../../../packages/controller/bin/octavia.ts');

export async function answers(url: string, seconds: number): Promise<void> {
  for (let left = seconds * 10; left > 0; left -= 1) {
    const reached = await fetch(url).then(
      () => true,
      () => false,
    );
    if (reached) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer within ${seconds} s`);
}

function start(name: string, folder: string, words: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'a');
  const [file = '', ...args] = words;
  return spawn(file, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
}

/** Keystone on SQLite with its administrator. */
export async function startKeystone(folder: string): Promise<ChildProcess> {
  const home = join(folder, 'keystone');
  mkdirSync(home);
  const file = join(home, 'keystone.conf');
  writeFileSync(
    file,
    [
      '[DEFAULT]',
      `log_file = ${join(folder, 'keystone-manage.log')}`,
      '[database]',
      `connection = sqlite:///${join(home, 'keystone.db')}`,
      'sqlite_synchronous = false',
      '[fernet_tokens]',
      `key_repository = ${join(home, 'fernet-keys')}`,
      '[credential]',
      `key_repository = ${join(home, 'credential-keys')}`,
      '[identity]',
      'password_hash_rounds = 4',
      // Of the 150 ms of processor time that a call costs otherwise nearly all goes into reading the same rows again.
      '[cache]',
      'enabled = true',
      'backend = dogpile.cache.memory',
      '',
    ].join('\n'),
  );
  const manage = (...words: string[]): void => {
    execFileSync('/usr/bin/keystone-manage', ['--config-file', file, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  const owner = ['--keystone-user', 'root', '--keystone-group', 'root'];
  manage('db_sync');
  // Keystone reads with one connection while it commits with another, which SQLite's own journal does not allow.
  const journal = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode=WAL')";
  execFileSync('/usr/bin/python3', ['-c', journal, join(home, 'keystone.db')]);
  manage('fernet_setup', ...owner);
  manage('credential_setup', ...owner);
  const urls = ['admin', 'internal', 'public'].flatMap((name) => [`--bootstrap-${name}-url`, KEYSTONE]);
  manage('bootstrap', '--bootstrap-password', PASSWORD, ...urls, '--bootstrap-region-id', 'RegionOne');
  return startKeystoneServer(folder);
}

export async function startKeystoneServer(folder: string): Promise<ChildProcess> {
  const env = { OS_KEYSTONE_CONFIG_FILES: join(folder, 'keystone/keystone.conf'), OS_KEYSTONE_CONFIG_DIR: folder };
  const words = ['/usr/bin/keystone-wsgi-public', '--host', '127.0.0.1', '--port', '5000'];
  const server = start('keystone', folder, words, env);
  await answers(KEYSTONE, 60);
  return server;
}

/** `openstack loadbalancer create --vip-subnet-id` asks for the subnet first: every UUID that is asked for exists. */
export async function startNetworkStandIn(): Promise<void> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', NETWORK);
    const [collection = '', one] = pathname
      .replace(/^\/v2\.0\/?/, '/')
      .split('/')
      .filter(Boolean);
    const id = one ?? searchParams.get('id') ?? searchParams.get('name') ?? '';
    const item = { id, name: id, network_id: id, cidr: '198.51.100.0/24', ip_version: 4 };
    const known = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
    const link = { rel: 'self', href: `${NETWORK}/v2.0/` };
    const body =
      collection === ''
        ? { versions: [{ id: 'v2.0', status: 'CURRENT', links: [link] }] }
        : one === undefined
          ? { [collection]: known ? [item] : [] }
          : { [collection.replace(/s$/, '')]: item };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(9696, '127.0.0.1', resolve));
  server.unref();
}

/**
 * The whole control plane on the no-op cloud, with Keystone in front.
 * @param options `[section]` → lines of `octavia.conf` besides those that lead to Keystone
 */
export async function startOctavia(
  folder: string,
  options: Readonly<Record<string, readonly string[]>> = {},
): Promise<ChildProcess> {
  const file = join(folder, 'octavia.conf');
  writeFileSync(
    file,
    [
      '[api_settings]',
      'auth_strategy = keystone',
      ...(options.api_settings ?? []),
      '[keystone_authtoken]',
      `www_authenticate_uri = ${KEYSTONE}`,
      `auth_url = ${KEYSTONE}`,
      'auth_type = password',
      'username = octavia',
      `password = ${PASSWORD}`,
      'project_name = service',
      'user_domain_name = Default',
      'project_domain_name = Default',
      ...(options.keystone_authtoken ?? []),
      '[oslo_policy]',
      `policy_file = ${join(folder, 'policy.yaml')}`,
      '',
    ].join('\n'),
  );
  const words = [process.execPath, OCTAVIA, 'up', '--cloud=noop', `--state-dir=${join(folder, 'state')}`];
  const server = start('octavia', folder, [...words, `--config-file=${file}`], {});
  await answers(API, 60);
  return server;
}
