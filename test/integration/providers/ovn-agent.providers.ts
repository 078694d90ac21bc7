/** OVN's provider agent of Debian, unchanged, in our driver agent, connected to real databases of OVN. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noopCloud, ServiceProcess } from '../../../packages/controller/test/processes/processes.ts';
import { openTestStore, type TestStore } from '../../../packages/controller/test/support/store.ts';
import { type OvnDatabase, startOvnDatabase } from '../openstack/ovn-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-ovn-agent-'));
let northbound: OvnDatabase;
let southbound: OvnDatabase;
let database: TestStore;
let agent: ServiceProcess;

beforeAll(async () => {
  northbound = await startOvnDatabase(folder);
  southbound = await startOvnDatabase(folder, 'sb');
  database = await openTestStore();
  const socket = (name: string) => `${name}_socket_path = ${join(folder, 'run', `${name}.sock`)}`;
  const configFile = join(folder, 'octavia.conf');
  writeFileSync(
    configFile,
    `[driver_agent]
enabled_provider_agents = ovn
provider_agent_shutdown_timeout = 30
${['status', 'stats', 'get'].map(socket).join('\n')}
[ovn]
ovn_nb_connection = ${northbound.connection}
ovn_sb_connection = ${southbound.connection}
`,
  );
  agent = new ServiceProcess('driver-agent', noopCloud(database.url), ['--config-file', configFile]);
  agent.start();
});
afterAll(async () => {
  await agent?.end('SIGKILL');
  await database?.close();
  await northbound?.close();
  await southbound?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('starts when it is enabled, and is connected to the databases', async () => {
  await agent.said('Provider agent ovn is ovn_octavia_provider.agent:OvnProviderAgent');
  // It says so once it has read both databases.
  await agent.said('OVN provider agent has started.');
  expect(northbound.clients()).toBeGreaterThan(0);
  expect(southbound.clients()).toBeGreaterThan(0);
});

it('ends when it is told', async () => {
  expect(await agent.end('SIGTERM')).toBe(0);
  expect(agent.output).toContain('OVN provider agent is exiting.');
  expect(agent.output).toContain('Provider agent ovn has ended');
  expect(northbound.clients()).toBe(0);
});
