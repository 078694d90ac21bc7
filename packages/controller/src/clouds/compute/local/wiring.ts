/** Cables between the bridges of the host and a sandbox: one veth pair per port. */
import { hostInterface, type LocalInstance, type LocalNetwork } from '../../local-host/instance.ts';
import { deleteLinks, ipBatch, type Link, listLinks } from '../../local-host/ip.ts';
import type { Port } from '../../network/interface.ts';

/** The instance's network of a port. @throws Error when the port is of another cloud */
function networkOf(instance: LocalInstance, port: Port): LocalNetwork {
  const network = Object.values(instance.networks).find((candidate) => candidate.id === port.networkId);
  if (!network) throw new Error(`port ${port.id} is on network ${port.networkId}, which this host does not have`);
  return network;
}

/** Inside: the management interface has its name at once, the agent finds the others by MAC and names them itself. */
const innerName = (port: Port): string => `p${port.id.replaceAll('-', '').slice(0, 8)}`;

function vethLines(instance: LocalInstance, port: Port, pid: number, inner: string): string[] {
  const { bridge, mtu } = networkOf(instance, port);
  const host = hostInterface(instance.tag, port.id);
  return [
    `link add name ${host} mtu ${mtu} type veth peer name ${inner} address ${port.macAddress} mtu ${mtu} netns ${pid}`,
    // The host's end only bridges: it needs no address of its own.
    `link set dev ${host} master ${bridge} addrgenmode none up`,
    // The addresses may have been another port's a moment ago, and the host would send to that one's MAC for a minute.
    ...port.fixedIps.map(
      ({ ipAddress }) => `neigh replace ${ipAddress} lladdr ${port.macAddress} dev ${bridge} nud reachable`,
    ),
  ];
}

/** Puts the ports into the network namespace of the process, their inner ends down. The pairs must not exist yet. */
export async function plugPorts(instance: LocalInstance, pid: number, ports: readonly Port[]): Promise<void> {
  await ipBatch(ports.flatMap((port) => vethLines(instance, port, pid, innerName(port))));
}

/** Puts the management port in as `eth0`, with address and up: what DHCP does for a virtual machine. */
export async function plugManagementPort(instance: LocalInstance, pid: number, port: Port): Promise<void> {
  const address = port.fixedIps[0]?.ipAddress;
  if (address === undefined) throw new Error(`management port ${port.id} has no address`);
  const { subnet } = networkOf(instance, port);
  await ipBatch(vethLines(instance, port, pid, 'eth0'));
  await ipBatch([`addr add ${address}/${subnet.prefixLength} brd + dev eth0`, 'link set dev eth0 up'], pid);
}

/** Removes the pairs of the ports, wherever their inner ends are. Idempotent. */
export async function unplugPorts(instance: LocalInstance, ports: readonly Port[]): Promise<void> {
  const names = new Set(ports.map((port) => hostInterface(instance.tag, port.id)));
  if (names.size === 0) return;
  const links = await listLinks();
  await deleteLinks(links.map((link) => link.name).filter((name) => names.has(name)));
}

/** Removes every veth pair of this installation. */
export async function unplugEverything(instance: LocalInstance): Promise<void> {
  const pattern = new RegExp(`^o${instance.tag}[0-9a-f]{8}$`);
  const links = await listLinks();
  await deleteLinks(links.map((link) => link.name).filter((name) => pattern.test(name)));
}

/** Puts host ends back on their bridge (it was removed and made again). Returns ports whose pair is gone. */
export async function mendPorts(instance: LocalInstance, ports: readonly Port[], links: Link[]): Promise<Port[]> {
  const byName = new Map(links.map((link) => [link.name, link]));
  const lines: string[] = [];
  const gone: Port[] = [];
  for (const port of ports) {
    const name = hostInterface(instance.tag, port.id);
    const { bridge } = networkOf(instance, port);
    const link = byName.get(name);
    if (!link) gone.push(port);
    else if (link.master !== bridge || !link.up) lines.push(`link set dev ${name} master ${bridge} up`);
  }
  await ipBatch(lines);
  return gone;
}
