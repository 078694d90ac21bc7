/** Inside the namespaces of run.ts: starts the servers, plays the commands, and then takes Keystone away and gives it back. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS, type Command } from './commands.ts';
import { OpenStack } from './openstack.ts';
import { playOurClient } from './our-client.ts';
import { login, type Person, revoke, settlePeople } from './people.ts';
import { API, KEYSTONE, startKeystone, startKeystoneServer, startNetworkStandIn, startOctavia } from './servers.ts';

const folder = process.argv[2] ?? '';
const kept = new Map<string, string>();
const failures: string[] = [];

function report(good: boolean, what: string, seconds: number, why: string): void {
  process.stdout.write(`${good ? 'ok  ' : 'FAIL'} ${seconds.toFixed(1).padStart(5)} s  ${what}\n`);
  if (good) return;
  failures.push(what);
  process.stdout.write(`${why.trim().split('\n').slice(-4).join('\n')}\n`);
}

const filled = (text: string): string =>
  text.replace(/\{(\w+)\}/g, (placeholder, name: string) => kept.get(name) ?? placeholder);

const clients = new Map<Person, OpenStack>();

function clientOf(who: Person): OpenStack {
  const client = clients.get(who) ?? new OpenStack(who);
  clients.set(who, client);
  return client;
}

async function play({ who, line, refused, keep, shows, hides }: Command): Promise<void> {
  const started = Date.now();
  const words = [...filled(line).split(' '), ...(keep === undefined ? [] : ['-f', 'json'])];
  const { code, stdout, stderr } = await clientOf(who).run(words);
  const output = stdout + stderr;
  const good =
    refused === undefined
      ? code === 0 && output.includes(filled(shows ?? '')) && (hides === undefined || !output.includes(filled(hides)))
      : code !== 0 && output.includes(refused);
  if (good && keep !== undefined) kept.set(keep, (JSON.parse(stdout) as { id: string }).id);
  const what = `${who}: openstack ${line}${refused === undefined ? '' : ' (refused)'}`;
  report(good, what, (Date.now() - started) / 1000, output);
}

const pools = async (token: string): Promise<number> =>
  (await fetch(`${API}/v2/lbaas/pools`, { headers: { 'x-auth-token': token } })).status;

/** @param expected gives the status to wait for */
async function becomes(what: string, ask: () => Promise<number>, expected: number, seconds = 10): Promise<void> {
  const started = Date.now();
  let status = await ask();
  while (status !== expected && Date.now() - started < seconds * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    status = await ask();
  }
  report(status === expected, what, (Date.now() - started) / 1000, `${status}, not ${expected}`);
}

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });

async function tokens(keystone: ChildProcess): Promise<void> {
  const jane = { project: 'engineering' };
  const revoked = await login('jane', jane);
  await becomes('a token of Keystone is good', () => pools(revoked), 200);
  await becomes('a token of nobody is not', () => pools('gAAAAABnobody'), 401);
  await becomes('a token of the whole system is good', async () => pools(await login('admin', 'system')), 200);
  await revoke(revoked);
  await becomes('a revoked token is refused when token_cache_time is over', () => pools(revoked), 401);
  const challenge = (await fetch(`${API}/v2/lbaas/pools`)).headers.get('www-authenticate');
  report(challenge === `Keystone uri="${KEYSTONE}"`, 'the answer says where to get a token', 0, String(challenge));

  const visitor = await login('nora', jane);
  await becomes('a role without rights is refused', () => pools(visitor), 403);
  writeFileSync(join(folder, 'policy.yaml'), '"os_load-balancer_api:pool:get_all": "role:member"\n');
  await becomes('the policy file gives it rights without a restart', () => pools(visitor), 200);

  const later = await login('jane', jane);
  await stop(keystone);
  await becomes('without Keystone a new token is answered 503', () => pools(later), 503);
  await startKeystoneServer(folder);
  await becomes('with Keystone back it is good', () => pools(later), 200);
}

async function main(): Promise<void> {
  const started = Date.now();
  const keystone = await startKeystone(folder);
  await startNetworkStandIn();
  await settlePeople();
  await startOctavia(folder, { keystone_authtoken: ['token_cache_time = 2'] });
  report(true, 'Keystone and the control plane are up', (Date.now() - started) / 1000, '');
  const token = await login('jane', { project: 'engineering' });
  const described = await fetch(`${KEYSTONE}/auth/tokens`, {
    headers: { 'x-auth-token': token, 'x-subject-token': token },
  });
  kept.set('project', ((await described.json()) as { token: { project: { id: string } } }).token.project.id);
  for (const command of COMMANDS) await play(command);
  await playOurClient(folder, report);
  await tokens(keystone);
}

try {
  await main();
} catch (error) {
  failures.push('the test itself');
  process.stdout.write(`${(error as Error).stack ?? ''}\n`);
  for (const name of ['keystone', 'octavia']) {
    try {
      process.stdout.write(`${name}: …${readFileSync(join(folder, `${name}.log`), 'utf8').slice(-2000)}\n`);
    } catch {
      // It had not started.
    }
  }
}
process.stdout.write(failures.length === 0 ? 'PASSED\n' : `FAILED: ${failures.length}\n${failures.join('\n')}\n`);
process.exit(failures.length === 0 ? 0 : 1);
