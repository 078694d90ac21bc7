/**
 * Where the networks are our own nobody else answers for them, and clients ask the network service even for the id of a
 * subnet. What they read is answered here, below `/v2.0` and, for those that follow our version list, below `/v2`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NetworkDriver } from '../../clouds/network/interface.ts';
import { isOctaviaError, OctaviaError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { queryOf } from '../urls.ts';
import { listed, selected } from './list.ts';
import { type NeutronObject, namelessObject, networkObject, portObject, subnetObject } from './objects.ts';

interface Kind {
  path: string;
  singular: string;
  plural: string;
  label: string;
  /** Type of the fault. */
  notFound: string;
  attributes: ReadonlySet<string>;
  find(network: NetworkDriver, id: string, caller: Caller): Promise<NeutronObject | null>;
  list(network: NetworkDriver, caller: Caller): Promise<NeutronObject[]>;
}

const mayNameNetwork = ({ isAdmin, projectId }: Caller, { reservedFor }: { reservedFor?: string | null }): boolean =>
  isAdmin || reservedFor === undefined || reservedFor === projectId;
const maySeePort = ({ isAdmin, projectId }: Caller, owner: string | null | undefined): boolean =>
  isAdmin || (projectId !== null && owner === projectId);

const attributesOf = (object: NeutronObject): ReadonlySet<string> => new Set(Object.keys(object));

const NETWORKS: Kind = {
  path: '/v2/networks',
  singular: 'network',
  plural: 'networks',
  label: 'Network',
  notFound: 'NetworkNotFound',
  attributes: attributesOf(networkObject({ id: '', name: '', mtu: 0, subnetIds: [] })),
  async find(driver, id, caller) {
    const network = await driver.getNetwork(id);
    return network && mayNameNetwork(caller, network) ? networkObject(network) : null;
  },
  async list(driver, caller) {
    return (await driver.listNetworks()).filter((network) => mayNameNetwork(caller, network)).map(networkObject);
  },
};

const ANY_SUBNET = {
  id: '',
  name: '',
  networkId: '',
  cidr: '',
  gatewayIp: null,
  ipVersion: 4,
  hostRoutes: [],
} as const;
const SUBNETS: Kind = {
  path: '/v2/subnets',
  singular: 'subnet',
  plural: 'subnets',
  label: 'Subnet',
  notFound: 'SubnetNotFound',
  attributes: attributesOf(subnetObject({ ...ANY_SUBNET, hostRoutes: [] })),
  async find(driver, id, caller) {
    const subnet = await driver.getSubnet(id);
    return subnet && mayNameNetwork(caller, subnet) ? subnetObject(subnet) : null;
  },
  async list(driver, caller) {
    return (await driver.listSubnets()).filter((subnet) => mayNameNetwork(caller, subnet)).map(subnetObject);
  },
};

const ANY_PORT = { id: '', name: '', networkId: '', macAddress: '', fixedIps: [], deviceId: '', deviceOwner: '' };
const PORTS: Kind = {
  path: '/v2/ports',
  singular: 'port',
  plural: 'ports',
  label: 'Port',
  notFound: 'PortNotFound',
  attributes: attributesOf(portObject({ ...ANY_PORT, qosPolicyId: null, securityGroupIds: [] })),
  async find(driver, id, caller) {
    const port = await driver.getPort(id);
    return port && maySeePort(caller, port.projectId) ? portObject(port) : null;
  },
  async list(driver, caller) {
    return (await driver.listPorts('')).filter(({ projectId }) => maySeePort(caller, projectId)).map(portObject);
  },
};

/** Our networks keep neither: there is nothing to list. */
const nameless = (
  kind: Pick<Kind, 'path' | 'singular' | 'plural' | 'label' | 'notFound'>,
  exists: (network: NetworkDriver, id: string) => Promise<boolean | null>,
): Kind => ({
  ...kind,
  attributes: attributesOf(namelessObject('')),
  find: async (driver, id) => ((await exists(driver, id)) ? namelessObject(id) : null),
  list: async () => [],
});

const KINDS: readonly Kind[] = [
  NETWORKS,
  SUBNETS,
  PORTS,
  nameless(
    {
      path: '/v2/qos/policies',
      singular: 'policy',
      plural: 'policies',
      label: 'QoS policy',
      notFound: 'QosPolicyNotFound',
    },
    (driver, id) => driver.qosPolicyExists(id),
  ),
  nameless(
    {
      path: '/v2/security-groups',
      singular: 'security_group',
      plural: 'security_groups',
      label: 'Security group',
      notFound: 'SecurityGroupNotFound',
    },
    (driver, id) => driver.securityGroupExists(id),
  ),
];

/** Faults that clients of Neutron understand; others stay what they are. */
function answerFault(error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  if (!isOctaviaError(error, 'CLOUD_OBJECT_NOT_FOUND') && !isOctaviaError(error, 'CLOUD_QUERY')) throw error;
  const type = KINDS.find(({ label }) => label === error.parameters.kind)?.notFound ?? 'HTTPBadRequest';
  reply.code(error.status).send({ NeutronError: { type, message: error.message, detail: '' } });
}

export function networks(server: FastifyInstance, { network }: Pick<ApiDependencies, 'network'>): void {
  if (!network.answersClients) return;
  for (const { path, singular, plural, label, attributes, find, list } of KINDS) {
    server.get(path, { errorHandler: answerFault }, async (request) => {
      const query = new URLSearchParams(queryOf(request.raw.url ?? ''));
      const ids = query.getAll('id');
      const found = await Promise.all(ids.map((id) => find(network, id, request.caller)));
      const objects = ids.length > 0 ? found.filter((object) => object !== null) : await list(network, request.caller);
      return { [plural]: listed(objects, query, attributes) };
    });
    server.get<{ Params: { id: string } }>(`${path}/:id`, { errorHandler: answerFault }, async (request) => {
      const { id } = request.params;
      const object = await find(network, id, request.caller);
      if (!object) throw new OctaviaError('CLOUD_OBJECT_NOT_FOUND', { kind: label, id });
      return { [singular]: selected(object, new URLSearchParams(queryOf(request.raw.url ?? ''))) };
    });
  }
}
