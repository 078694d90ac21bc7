/**
 * `docs/install.md`, command by command as it is printed, on a machine made of namespaces that systemd runs (`../agents/machine.ts`),
 * in a cloud that has a region of its own for it. `OS_*` is the administrator, `TEST_SERVICE_PASSWORD` the password of the user
 * `octavia` where there is one already, `OS_TENANT_*` who makes the first load balancer. Servers are those of the zone `fake` where
 * there is one: nothing runs in them, so the worker is told not to look for agents.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Machine } from '../agents/machine.ts';
import { CommandLine } from './command-line.ts';

const ROOT = join(import.meta.dirname, '../../..');
const BLOCK = /^```sh\n([\s\S]*?)^```$/gm;
const HEADING = /^## (?:\d+\. )?(.*)$/gm;

const environment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Say it with ${name}.`);
  return value;
};

/** Not carried out here, and why. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^cd \/opt\/octavia && npm ci$/m, 'the checkout of the test has its libraries'],
  [/^octavia image build .*$/m, 'takes minutes: npm run test:vm -- amphora boots what it builds'],
];

const NETNS = 'octavia-install';
const [HERE, THERE] = ['198.51.100.249', '198.51.100.250'];
const REGION = `octavia-install-${process.pid}`;
const COPIED = ['identity', 'network', 'compute', 'image', 'placement', 'key-manager'];
const SERVICES = ['api', 'worker', 'health-manager', 'housekeeping'];
/** Of the machine alone: see above. */
const WITHOUT_AGENTS = `[Service]
Environment=OS_CONTROLLER_WORKER__AMPHORA_DRIVER=amphora_noop_driver
`;

interface Section {
  title: string;
  /** As they are printed. */
  blocks: string[];
}

function sectionsOf(text: string): Section[] {
  const headings = [...text.matchAll(HEADING)];
  return [{ title: '', index: 0 }, ...headings.map(({ 1: title = '', index }) => ({ title, index }))].map(
    ({ title, index }, n) => {
      const part = text.slice(index, headings[n]?.index);
      return { title, blocks: [...part.matchAll(BLOCK)].map(([, block = '']) => block) };
    },
  );
}

/** A shell in the machine that keeps its variables from block to block, as the reader's does. */
class Shell {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #count = 0;

  constructor(machine: Machine, env: NodeJS.ProcessEnv) {
    const [program = '', ...args] = machine.entering('bash', '-e', '-o', 'pipefail');
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#child.stdin?.write('exec 2>&1\n');
  }

  /** @returns what it printed. @throws Error with that, when a command fails: the shell has ended then */
  async run(text: string): Promise<string> {
    this.#count += 1;
    const mark = `--- ${this.#count} ---`;
    this.#child.stdin?.write(`${text}\necho '${mark}'\n`);
    const printed: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${text}\nfailed:\n${printed.join('\n')}`);
      if (value === mark) return printed.join('\n');
      printed.push(value);
    }
  }

  end(): void {
    this.#child.stdin?.end();
  }
}

const machine = new Machine(NETNS);
const administrator = new CommandLine({
  username: environment('OS_USERNAME'),
  password: environment('OS_PASSWORD'),
  project: environment('OS_PROJECT_NAME'),
});
const tenant = {
  OS_USERNAME: environment('OS_TENANT_USERNAME'),
  OS_PASSWORD: environment('OS_TENANT_PASSWORD'),
  OS_PROJECT_NAME: environment('OS_TENANT_PROJECT_NAME'),
};
const sections = sectionsOf(readFileSync(join(ROOT, 'docs/install.md'), 'utf8'));
let shell: Shell;
/** To be deleted, in this order. */
const made: string[] = [];

type Found = Record<string, unknown>;

beforeAll(async () => {
  for (const type of COPIED) {
    const endpoints: Found[] = await administrator.json(`endpoint list --service ${type}`);
    const known = endpoints.filter(({ Region }) => Region === (process.env.OS_REGION_NAME ?? 'RegionOne'));
    for (const { Interface, URL, 'Service Type': service } of known) {
      const create = `endpoint create --region ${REGION} ${service} ${Interface}`;
      const { id } = await administrator.json(create, String(URL));
      made.push(`endpoint delete ${id}`);
    }
  }
  execFileSync('ip', ['netns', 'add', NETNS]);
  execFileSync('ip', ['link', 'add', 'octavia-inst', 'type', 'veth', 'peer', 'name', 'cloud', 'netns', NETNS]);
  execFileSync('ip', ['address', 'add', `${HERE}/30`, 'dev', 'octavia-inst']);
  execFileSync('ip', ['link', 'set', 'octavia-inst', 'up']);
  for (const words of [
    ['link', 'set', 'lo', 'up'],
    ['address', 'add', `${THERE}/30`, 'dev', 'cloud'],
    ['link', 'set', 'cloud', 'up'],
    ['route', 'add', 'default', 'via', HERE],
  ]) {
    execFileSync('ip', ['-n', NETNS, ...words]);
  }
  const dropIns = SERVICES.map((name) => ({
    path: `/etc/systemd/system/octavia-${name}.service.d/test.conf`,
    text: WITHOUT_AGENTS,
  }));
  const zone = process.env.TEST_ZONE ?? 'fake';
  const ofWorker = `[Service]\nEnvironment=OS_NOVA__AVAILABILITY_ZONE=${zone}\n`;
  await machine.boot([...dropIns, { path: '/etc/systemd/system/octavia-worker.service.d/zone.conf', text: ofWorker }]);
  symlinkSync(ROOT, machine.path('/opt/octavia'));
  // What would be built.
  writeFileSync(machine.path('/var/tmp/amphora-x64-haproxy.qcow2'), qcow2());
  const env = {
    ...{ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/root' },
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => name.startsWith('OS_') && !name.startsWith('OS_TENANT')),
    ),
    OS_REGION_NAME: REGION,
  };
  shell = new Shell(machine, env);
  // Debian's own Octavia may be installed on this host.
  await shell.run('userdel octavia 2>/dev/null || true');
}, 600_000);

afterAll(async () => {
  shell?.end();
  for (const command of made.reverse()) await administrator.try(command);
  await administrator.try(`region delete ${REGION}`);
  administrator.stop();
  await machine.destroy();
  execFileSync('ip', ['link', 'delete', 'octavia-inst']);
  execFileSync('ip', ['netns', 'delete', NETNS]);
}, 600_000);

/** An empty disk of 1 MB: magic, version 2, and what its header says of a file without a cluster in use. */
function qcow2(): Buffer {
  const cluster = 65_536;
  const header = Buffer.alloc(4 * cluster);
  header.write('QFI\xfb', 0, 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(16, 20);
  header.writeBigUInt64BE(1_048_576n, 24);
  header.writeUInt32BE(1, 36);
  header.writeBigUInt64BE(BigInt(3 * cluster), 40);
  header.writeBigUInt64BE(BigInt(cluster), 48);
  header.writeUInt32BE(1, 56);
  header.writeBigUInt64BE(BigInt(2 * cluster), cluster);
  return header;
}

/** What readers put in at the top of the page. */
const VALUES = `export REGION=${REGION} CONTROLLER=${THERE}
export DATABASE_PASSWORD=password-of-the-test SERVICE_PASSWORD=${process.env.TEST_SERVICE_PASSWORD ?? 'secret'}
export CA_PASSPHRASE=passphrase-of-the-test`;

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** What the block has made, by the variables of the guide. */
async function remember(): Promise<void> {
  const kinds = {
    SERVICE: 'service delete',
    FLAVOR: 'flavor delete',
    MGMT_NET: 'network delete',
    AMPHORA_GROUP: 'security group delete',
    HEALTH_GROUP: 'security group delete',
    PORT: 'port delete',
  };
  for (const [name, command] of Object.entries(kinds)) {
    const id = await shell.run(`echo "\${${name}:-}"`);
    const deletion = `${command} ${id}`;
    if (id !== '' && !made.includes(deletion)) made.push(deletion);
  }
}

for (const [number, { title, blocks }] of sections.entries()) {
  for (const [part, block] of blocks.entries()) {
    it(`${title || 'what is different at each site'}${part === 0 ? '' : `, part ${part + 1}`}`, {
      timeout: 900_000,
    }, async () => {
      if (number === 0) {
        expect(lines(block).every((line) => line.startsWith('export '))).toBe(true);
        return void (await shell.run(VALUES));
      }
      let text = block;
      for (const [command, why] of ELSEWHERE) {
        if (command.test(text)) process.stdout.write(`not run: ${command.source}: ${why}\n`);
        text = text.replace(command, '');
      }
      if (text.includes('systemctl enable --now octavia-interface')) {
        // Neutron's agent makes it with the first port of the network on this host.
        await shell.run('ip link add "brq$(echo "$MGMT_NET" | cut -c1-11)" type bridge');
      }
      if (text.includes('openstack loadbalancer create')) await become();
      const printed = await shell.run(text);
      process.stdout.write(`${printed}\n`);
      await remember();
    });
  }
}

/** The tenant, with a subnet and the address of a server in it. */
async function become(): Promise<void> {
  const login = Object.entries(tenant).map(([name, value]) => `export ${name}=${value}`);
  await shell.run([...login, 'unset OS_PROJECT_ID OS_USER_ID'].join('\n'));
  const network = await shell.run('openstack network create octavia-install -f value -c id');
  made.push(`network delete ${network}`);
  const create = `openstack subnet create --network ${network} --subnet-range 10.88.0.0/24 octavia-install -f value -c id`;
  await shell.run(`export SUBNET=$(${create}) SERVER=10.88.0.77`);
}

it('the load balancer is there, with a server of the amphora’s flavor', { timeout: 300_000 }, async () => {
  const shown = await shell.run('openstack loadbalancer show first -f json');
  expect(JSON.parse(shown)).toMatchObject({ name: 'first', provisioning_status: 'ACTIVE', provider: 'amphora' });
  expect(await shell.run('octavia tree first')).toContain('http');
  for (const name of SERVICES) expect(await shell.run(`systemctl is-active octavia-${name}`)).toBe('active');
  expect(await shell.run('/opt/octavia/deploy/octavia-interface.sh status')).toContain('172.16.0.2/12');
  await shell.run('openstack loadbalancer delete --cascade --wait first');
});
