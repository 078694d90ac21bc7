/** What the client is asked to do, and what it must then show. */
import { isDeepStrictEqual } from 'node:util';
import type { Ended } from './openstack.ts';

/** A command line of the words of `openstack`. */
interface Client {
  run(words: string[]): Promise<Ended>;
}

interface Subnets {
  public: { id: string };
  private: { id: string };
}

type Row = Record<string, unknown>;

export class Scenario {
  readonly subnets: Subnets;
  readonly #openstack: Client;
  #done = 0;
  #failed = 0;

  constructor(openstack: Client, subnets: Subnets) {
    this.#openstack = openstack;
    this.subnets = subnets;
  }

  /** One command about load balancers that succeeds. @param expected columns of the object, or of one of the listed ones */
  do(words: string, expected: Row | null = null): Promise<Row> {
    return this.ask(`loadbalancer ${words}`, expected);
  }

  /** One command of any kind that succeeds. */
  async ask(words: string, expected: Row | null = null): Promise<Row> {
    const shows = expected !== null || / (create|show|list)\b/.test(` ${words}`);
    const format = shows && words !== 'loadbalancer status show lb' ? ['-f', 'json'] : [];
    const { code, stdout, stderr } = await this.#openstack.run([...split(words), ...format]);
    if (code !== 0) return this.#report(words, stderr.trim() || `exit code ${code}`);
    const value: unknown = stdout.trim() === '' ? {} : JSON.parse(stdout);
    const rows = (Array.isArray(value) ? value : [value]) as Row[];
    const row = expected === null ? rows[0] : rows.find((candidate) => matches(candidate, expected));
    return row ? this.#report(words, null, row) : this.#report(words, `shows ${stdout.trim()}`);
  }

  /** One command that the service refuses in these words. */
  async refused(words: string, text: string): Promise<void> {
    const { code, stdout, stderr } = await this.#openstack.run(split(`loadbalancer ${words}`));
    const said = `${stdout}${stderr}`;
    this.#report(
      `loadbalancer ${words}`,
      code !== 0 && said.includes(text) ? null : `exit code ${code}: ${said.trim()}`,
    );
  }

  /** Waits until nothing is done to the load balancer any more. */
  async active(name: string): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const { stdout } = await this.#openstack.run([
        'loadbalancer',
        'show',
        name,
        '-f',
        'value',
        '-c',
        'provisioning_status',
      ]);
      if (stdout.trim() === 'ACTIVE') return;
    }
    this.#report(`loadbalancer show ${name}`, 'does not become ACTIVE');
  }

  /** Lists nothing (any more). */
  async empty(words: string): Promise<void> {
    const { code, stdout, stderr } = await this.#openstack.run(['loadbalancer', ...split(words), '-f', 'json']);
    this.#report(`loadbalancer ${words}`, code === 0 && stdout.trim() === '[]' ? null : `${stdout}${stderr}`.trim());
  }

  #report(words: string, problem: string | null, row: Row = {}): Row {
    this.#done += 1;
    if (problem !== null) this.#failed += 1;
    process.stdout.write(`${problem === null ? 'ok  ' : 'FAIL'} openstack ${words}\n`);
    if (problem !== null) process.stdout.write(`     ${problem.replaceAll('\n', '\n     ')}\n`);
    return row;
  }

  /** @returns how many failed */
  summary(): number {
    process.stdout.write(`\n${this.#done} commands, ${this.#failed} failed\n\n`);
    return this.#failed;
  }
}

/** Words at blanks; quotes hold a word together. */
const split = (words: string): string[] =>
  [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const matches = (row: Row, expected: Row): boolean =>
  Object.entries(expected).every(([key, value]) =>
    value instanceof RegExp
      ? value.test(typeof row[key] === 'string' ? row[key] : JSON.stringify(row[key]))
      : isDeepStrictEqual(row[key], value),
  );

/** What the client asks of the network and of the identity service. */
async function surroundings(s: Scenario): Promise<void> {
  const { id } = s.subnets.public;
  await s.ask('subnet show public-subnet', { id, name: 'public-subnet' });
  await s.ask(`subnet show ${id}`, { id });
  const network = await s.ask('network show public-net', { name: 'public-net' });
  await s.ask('network list', { ID: network.id, Name: 'public-net' });
  await s.ask('subnet list --network public-net', { ID: id, Network: network.id });
  await s.ask('project show demo', { id: 'demo', name: 'demo' });
}

async function ports(s: Scenario, portId: string): Promise<void> {
  await s.ask(`port show ${portId}`, { id: portId, status: 'ACTIVE' });
  await s.ask('port list --network public-net', { ID: portId });
  await s.ask('project list', { ID: 'demo' });
}

async function loadBalancers(s: Scenario): Promise<string> {
  // By its name: the client finds the id.
  await s.do(
    'create --name lb --description first --vip-subnet-id public-subnet --project demo --tag a --tag b --wait',
    {
      name: 'lb',
      project_id: 'demo',
      provisioning_status: 'ACTIVE',
      vip_subnet_id: s.subnets.public.id,
      admin_state_up: true,
    },
  );
  await s.do('list', { name: 'lb', project_id: 'demo', provider: 'amphora', provisioning_status: 'ACTIVE' });
  await s.do('list --name lb', { name: 'lb' });
  await s.empty('list --name nothing');
  await s.do('list --tags a', { name: 'lb' });
  await s.empty('list --not-any-tags a');
  const lb = await s.do('show lb', { name: 'lb', description: 'first', tags: 'a\nb' });
  await s.do('set lb --description second --tag c --disable --wait');
  await s.do('show lb', { description: 'second', admin_state_up: false });
  await s.do('unset lb --description --tag a --wait');
  await s.do('show lb', { description: '' });
  await s.do('set lb --enable --wait');
  await s.do('stats show lb', { active_connections: 0, bytes_in: 0, total_connections: 0 });
  await ports(s, String(lb.vip_port_id));
  return String(lb.id);
}

async function children(s: Scenario): Promise<void> {
  await s.do(
    'listener create lb --name http --protocol HTTP --protocol-port 80 --insert-headers X-Forwarded-For=true --wait',
    {
      name: 'http',
      protocol: 'HTTP',
      protocol_port: 80,
      provisioning_status: 'ACTIVE',
    },
  );
  await s.refused(
    'listener create lb --protocol HTTP --protocol-port 80',
    'is already using protocol HTTP and protocol_port 80',
  );
  await s.do('listener list', { name: 'http', protocol_port: 80, admin_state_up: true });
  await s.do('listener list --loadbalancer lb', { name: 'http' });
  await s.do('listener set http --connection-limit 100 --timeout-client-data 1000 --allowed-cidr 192.0.2.0/24 --wait');
  await s.do('listener show http', { connection_limit: 100, timeout_client_data: 1000, allowed_cidrs: '192.0.2.0/24' });
  await s.do('listener unset http --connection-limit --allowed-cidrs --wait');
  await s.do('listener show http', { connection_limit: -1, allowed_cidrs: null });
  await s.do('listener stats show http', { request_errors: 0 });

  await s.do(
    'pool create --listener http --name web --protocol HTTP --lb-algorithm ROUND_ROBIN --session-persistence type=APP_COOKIE,cookie_name=sid --wait',
    {
      name: 'web',
      lb_algorithm: 'ROUND_ROBIN',
      provisioning_status: 'ACTIVE',
    },
  );
  await s.do('pool create --loadbalancer lb --name spare --protocol HTTP --lb-algorithm SOURCE_IP --wait', {
    name: 'spare',
  });
  await s.do('pool list', { name: 'web', protocol: 'HTTP' });
  await s.do('pool list --loadbalancer lb', { name: 'spare' });
  await s.do('pool set web --lb-algorithm LEAST_CONNECTIONS --description d --wait');
  await s.do('pool show web', { lb_algorithm: 'LEAST_CONNECTIONS', session_persistence: /APP_COOKIE/ });
  await s.do('pool unset web --session-persistence --description --wait');
  await s.do('pool show web', { session_persistence: /^(null|)$/, description: '' });

  await s.do(
    `member create web --name one --address 192.0.2.10 --protocol-port 8080 --subnet-id ${s.subnets.private.id} --weight 5 --wait`,
    {
      name: 'one',
      address: '192.0.2.10',
      protocol_port: 8080,
      weight: 5,
    },
  );
  await s.refused('member create web --address 192.0.2.10 --protocol-port 8080', 'is already using ip 192.0.2.10');
  await s.do('member list web', { name: 'one', address: '192.0.2.10' });
  await s.do('member set web one --weight 7 --monitor-port 9000 --enable-backup --wait');
  await s.do('member show web one', { weight: 7, monitor_port: 9000, backup: true });
  await s.do('member unset web one --weight --monitor-port --backup --wait');
  await s.do('member show web one', { weight: 1, monitor_port: null, backup: false });

  await s.do(
    'healthmonitor create web --name hm --delay 5 --timeout 4 --max-retries 3 --type HTTP --url-path /ok --expected-codes 200-204 --wait',
    {
      name: 'hm',
      type: 'HTTP',
      url_path: '/ok',
      expected_codes: '200-204',
      max_retries_down: 3,
    },
  );
  await s.refused(
    'healthmonitor create web --delay 5 --timeout 4 --max-retries 3 --type TCP',
    'already has a health monitor',
  );
  await s.do('healthmonitor list', { name: 'hm', type: 'HTTP' });
  await s.do('healthmonitor set hm --delay 9 --http-method HEAD --wait');
  await s.do('healthmonitor show hm', { delay: 9, http_method: 'HEAD' });
  await s.do('healthmonitor unset hm --expected-codes --http-method --url-path --wait');
  await s.do('healthmonitor show hm', { expected_codes: '200', http_method: 'GET', url_path: '/' });
  await s.do('status show lb', { loadbalancer: /"name":"http"/ });
}

async function l7(s: Scenario): Promise<void> {
  await s.do(
    'l7policy create http --name go --action REDIRECT_TO_URL --redirect-url http://example.org/ --redirect-http-code 301 --wait',
    {
      name: 'go',
      action: 'REDIRECT_TO_URL',
      redirect_url: 'http://example.org/',
      redirect_http_code: 301,
      position: 1,
    },
  );
  await s.do('l7policy create http --name spare --action REDIRECT_TO_POOL --redirect-pool spare --wait', {
    position: 2,
  });
  await s.do('l7policy list', { name: 'go', action: 'REDIRECT_TO_URL', position: 1 });
  await s.do('l7policy list --listener http', { name: 'spare' });
  await s.do('l7policy set go --position 2 --description d --wait');
  await s.do('l7policy show go', { position: 2, description: 'd' });
  await s.do('l7policy unset go --description --redirect-http-code --wait');
  await s.do('l7policy show go', { description: '' });
  // No --wait for rules: this client asks for the new rule with its two ids exchanged.
  const rule = await s.do('l7rule create go --compare-type STARTS_WITH --type PATH --value /x', {
    type: 'PATH',
    value: '/x',
  });
  const id = String(rule.id);
  await s.active('lb');
  await s.do('l7rule list go', { id, compare_type: 'STARTS_WITH' });
  await s.do(`l7rule set go ${id} --value /y --invert --wait`);
  await s.do(`l7rule show go ${id}`, { value: '/y', invert: true });
  await s.do(`l7rule unset go ${id} --invert --wait`);
  await s.do(`l7rule show go ${id}`, { invert: false });
  await s.refused('pool delete spare', 'is in use by L7 policy');
  await s.do(`l7rule delete go ${id} --wait`);
  await s.empty('l7rule list go');
  await s.do('l7policy delete go --wait');
  await s.do('l7policy delete spare --wait');
  await s.empty('l7policy list');
}

async function catalog(s: Scenario): Promise<void> {
  await s.do('provider list', { name: 'amphora' });
  await s.do('provider capability list amphora', { type: 'flavor', name: 'loadbalancer_topology' });
  await s.do(
    `flavorprofile create --name single --provider amphora --flavor-data '{"loadbalancer_topology":"SINGLE"}'`,
    {
      name: 'single',
      provider_name: 'amphora',
    },
  );
  await s.do('flavorprofile list', { name: 'single' });
  await s.do('flavorprofile set single --name solo');
  await s.do('flavorprofile show solo', { flavor_data: '{"loadbalancer_topology":"SINGLE"}' });
  await s.do('flavor create --name small --flavorprofile solo --description d --enable', {
    name: 'small',
    enabled: true,
  });
  await s.refused('flavor create --name small --flavorprofile solo', 'A flavor of small already exists');
  await s.do('flavor list', { name: 'small', enabled: true });
  await s.do('flavor set small --disable --name tiny');
  await s.do('flavor show tiny', { enabled: false, description: 'd' });
  await s.do('flavor unset tiny --description');
  await s.do('flavor show tiny', { description: '' });
  await s.refused('flavorprofile delete solo', 'is in use and cannot be modified');
  await s.do('flavor delete tiny');
  await s.do('flavorprofile delete solo');
  await s.empty('flavorprofile list');

  await s.do(
    `availabilityzoneprofile create --name zp --provider amphora --availability-zone-data '{"compute_zone":"nova"}'`,
    {
      name: 'zp',
    },
  );
  await s.do('availabilityzoneprofile list', { name: 'zp' });
  await s.do('availabilityzoneprofile set zp --name zq');
  await s.do('availabilityzoneprofile show zq', { availability_zone_data: '{"compute_zone":"nova"}' });
  await s.do('availabilityzone create --name az1 --availabilityzoneprofile zq --description d', {
    name: 'az1',
    enabled: true,
  });
  await s.do('availabilityzone list', { name: 'az1' });
  await s.do('availabilityzone set az1 --disable');
  await s.do('availabilityzone show az1', { enabled: false, description: 'd' });
  await s.do('availabilityzone unset az1 --description');
  await s.do('availabilityzone show az1', { description: '' });
  await s.do('availabilityzone delete az1');
  await s.do('availabilityzoneprofile delete zq');
  await s.empty('availabilityzone list');
}

async function quotas(s: Scenario): Promise<void> {
  await s.do('quota defaults show', { load_balancer: -1, l7rule: -1 });
  await s.do('quota set demo --loadbalancer 5 --member 7', { load_balancer: 5, member: 7 });
  await s.do('quota list', { project_id: 'demo', load_balancer: 5 });
  await s.do('quota show demo', { load_balancer: 5, member: 7, pool: -1 });
  await s.do('quota unset demo --member');
  await s.do('quota show demo', { member: -1 });
  await s.do('quota reset demo');
  await s.do('quota show demo', { load_balancer: -1 });
}

async function amphorae(s: Scenario, loadBalancerId: string): Promise<void> {
  const amphora = await s.do('amphora list', {
    loadbalancer_id: loadBalancerId,
    role: 'STANDALONE',
    status: 'ALLOCATED',
  });
  await s.do(`amphora list --loadbalancer ${loadBalancerId}`, { id: amphora.id });
  await s.do(`amphora show ${amphora.id}`, { loadbalancer_id: loadBalancerId, status: 'ALLOCATED' });
}

async function removal(s: Scenario): Promise<void> {
  await s.do('healthmonitor delete hm --wait');
  await s.empty('healthmonitor list');
  await s.do('member delete web one --wait');
  await s.empty('member list web');
  await s.refused('delete lb', 'has children');
  await s.do('pool delete spare --wait');
  await s.do('pool delete web --wait');
  await s.empty('pool list');
  await s.do('listener delete http --wait');
  await s.empty('listener list');
  await s.do('delete lb --wait');
  await s.empty('list');
  await s.do(`create --name whole --vip-subnet-id ${s.subnets.public.id} --project demo --wait`, { name: 'whole' });
  await s.do('listener create whole --name l --protocol TCP --protocol-port 1 --wait', { name: 'l' });
  await s.do('delete whole --cascade --wait');
  await s.empty('list');
}

/** @returns how many commands failed */
export async function runScenario(openstack: Client, subnets: Subnets): Promise<number> {
  const scenario = new Scenario(openstack, subnets);
  await surroundings(scenario);
  const id = await loadBalancers(scenario);
  await children(scenario);
  await l7(scenario);
  await amphorae(scenario, id);
  await catalog(scenario);
  await quotas(scenario);
  await removal(scenario);
  return scenario.summary();
}
