import type { Config } from '../config/index.ts';
import { openRuntime } from '../processes/runtime.ts';
import { columns } from './cli/columns.ts';

/** `octavia subnets`: what load balancers and members can use. @returns a table to print */
export async function describeSubnets(config: Config, databaseUrl: string): Promise<string> {
  const runtime = await openRuntime({ ...config, database: { ...config.database, connection: databaseUrl } });
  try {
    const networks = await runtime.network.listNetworks();
    const names = new Map(networks.map(({ id, name }) => [id, name]));
    const subnets = (await runtime.network.listSubnets()).filter(({ reservedFor }) => reservedFor === undefined);
    // On this host the gateway is an interface of the host itself.
    const gateway = runtime.network.onThisHost ? 'gateway: back ends on this host listen here' : 'gateway';
    const rows = subnets.map(({ id, name, networkId, cidr, gatewayIp }) => [
      names.get(networkId) ?? networkId,
      name,
      id,
      cidr,
      gatewayIp ?? '',
    ]);
    return columns([['network', 'subnet', 'id', 'addresses', gateway], ...rows]);
  } finally {
    await runtime.close();
  }
}
