/** Flavors, zones, VIPs, and the load balancer itself. */
import { isIP } from 'node:net';
import { LoadBalancer, type VipDictionary } from '../../data-models.ts';
import type { Method } from '../../driver-protocol.ts';
import { type Kit, Unsupported } from '../kit.ts';
import { type Case, type Fixture, idOf } from './fixture.ts';

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const isTextMap = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === 'string');

const NO_SUCH_KEY = { 'conformance-no-such-key': 'x' };

/** Keys that are described, and what is said to values. */
const metadata = (supported: Method, validate: Method): Case[] => [
  {
    name: supported,
    async run(kit) {
      const said = await kit.result(supported, []);
      if (!isTextMap(said))
        kit.fault('nonsense', `${supported} returns ${JSON.stringify(said)}, which is no map of texts.`);
      else if (Object.keys(said).length > 0) kit.note(Object.keys(said).join(', '));
    },
  },
  {
    name: `${validate}: nothing`,
    async run(kit) {
      await kit.result(validate, [{}]);
    },
  },
  {
    name: `${validate}: an unknown key`,
    async run(kit) {
      const answer = await kit.call(validate, [NO_SUCH_KEY]);
      if ('result' in answer) kit.note('accepts keys that it does not describe');
      else if (answer.error.kind === 'NotImplementedError') throw new Unsupported(answer.error.user_fault_string);
    },
  },
];

function checkVip(kit: Kit, answer: unknown, asked: VipDictionary, additional: number): void {
  const [vip, others] = Array.isArray(answer) ? (answer as unknown[]) : [];
  const nonsense = (text: string) => kit.fault('nonsense', `create_vip_port: ${text}`);
  if (typeof vip !== 'object' || vip === null) {
    nonsense('it returns no VIP and additional VIPs.');
    return;
  }
  const { vip_address: address, vip_port_id: port } = vip as VipDictionary;
  if (typeof address !== 'string' || !isIP(address)) nonsense(`the address is ${JSON.stringify(address)}.`);
  else if (asked.vip_address != null && address !== asked.vip_address) {
    nonsense(`the address is ${address}, asked for was ${asked.vip_address}.`);
  }
  if (typeof port !== 'string' || !UUID.test(port)) nonsense(`vip_port_id is ${JSON.stringify(port)}.`);
  if (!Array.isArray(others) || others.length !== additional) {
    nonsense(`of ${additional} additional VIPs it returns ${JSON.stringify(others)}.`);
  }
}

const vip = (what: string, make: (fixture: Fixture) => VipDictionary, additional: number): Case => ({
  name: `create_vip_port: ${what}`,
  async run(kit, fixture) {
    const asked = make(fixture);
    const others = Array.from({ length: additional }, () => fixture.newAdditionalVip());
    const { loadbalancer_id, project_id } = fixture.newBalancer();
    checkVip(kit, await kit.result('create_vip_port', [loadbalancer_id, project_id, asked, others]), asked, additional);
  },
});

/** @param mentioned the new half of an update */
const update = (what: string, mentioned: Partial<LoadBalancer>): Case => ({
  name: `loadbalancer_update: ${what}`,
  async run(kit, fixture) {
    const balancer = fixture.need('balancer');
    const change = new LoadBalancer({ loadbalancer_id: idOf(balancer), ...mentioned });
    const locks = fixture.ofBalancer(change, 'PENDING_UPDATE');
    await kit.change({ method: 'loadbalancer_update', arguments: [balancer, change], owner: idOf(balancer), locks });
    Object.assign(balancer, mentioned);
  },
});

/** What every driver has to have. */
export async function mandatory(kit: Kit, method: Method, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Unsupported) kit.fault('mandatory', `${method} is not supported: ${error.message}`);
    throw error;
  }
}

export const LOAD_BALANCERS: readonly Case[] = [
  ...metadata('get_supported_flavor_metadata', 'validate_flavor'),
  ...metadata('get_supported_availability_zone_metadata', 'validate_availability_zone'),
  vip('any address', (fixture) => ({ ...fixture.newVip(), vip_address: null }), 0),
  vip('this address', (fixture) => fixture.newVip(), 0),
  vip('an additional VIP', (fixture) => fixture.newVip(), 1),
  {
    name: 'loadbalancer_create',
    async run(kit, fixture) {
      const balancer = fixture.newBalancer();
      const locks = fixture.ofBalancer(balancer, 'PENDING_CREATE');
      const change = { method: 'loadbalancer_create', arguments: [balancer], owner: idOf(balancer), locks } as const;
      await mandatory(kit, 'loadbalancer_create', () => kit.change(change));
      fixture.balancer = balancer;
    },
  },
  update('a name', { name: 'another name' }),
  update('nothing', {}),
  update('cleared, and off', { description: null, admin_state_up: false }),
  update('on again', { admin_state_up: true }),
  {
    name: 'loadbalancer_failover',
    async run(kit, fixture) {
      const balancer = fixture.need('balancer');
      const locks = fixture.ofBalancer(balancer, 'PENDING_UPDATE');
      await kit.change({ method: 'loadbalancer_failover', arguments: [idOf(balancer)], owner: idOf(balancer), locks });
    },
  },
];
