/** What the kernel balances now (`/proc/net/ip_vs`) and has counted (`ipvsadm --list --numeric --stats --exact`). */
import type { TrafficNamespace } from '../network/namespace.ts';
import { endpoint, serviceName } from './configuration.ts';

export interface Destination {
  weight: number;
  active: number;
  inactive: number;
}

/** Service name → endpoint of the member → what the kernel says of it. */
export type ServiceTable = Map<string, Map<string, Destination>>;

export interface ServiceTotals {
  connections: number;
  bytesIn: number;
  bytesOut: number;
}

export interface Kernel {
  /** Milliseconds, monotonic. */
  askedAt: number;
  table: ServiceTable;
  totals: Map<string, ServiceTotals>;
}

/** `0A4D000A:0035` or `[fd77:0000:…:0010]:0035`, ports in hexadecimal. */
function hexEndpoint(text: string): string | null {
  const [, v4, v6, port = ''] = /^(?:([0-9A-F]{8})|\[([0-9a-f:]+)\]):([0-9A-F]{4})$/.exec(text) ?? [];
  const address = v6 ?? v4?.replaceAll(/../g, (pair) => `.${Number.parseInt(pair, 16)}`).slice(1) ?? '';
  return endpoint(address, Number.parseInt(port, 16));
}

function decimalEndpoint(text: string): string | null {
  const [, v6, v4 = '', port] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d+)$/.exec(text) ?? [];
  return endpoint(v6 ?? v4, Number(port));
}

export function parseTable(text: string): ServiceTable {
  const table: ServiceTable = new Map();
  let current = new Map<string, Destination>();
  for (const line of text.split('\n')) {
    const [first = '', second = '', , weight, active, inactive] = line.trim().split(/\s+/);
    const end = hexEndpoint(second);
    if (end === null) continue;
    if (first === '->') {
      current.set(end, { weight: Number(weight), active: Number(active), inactive: Number(inactive) });
    } else {
      current = new Map();
      table.set(serviceName(first, end), current);
    }
  }
  return table;
}

/** Totals of services alone: those of members vanish with a member. */
export function parseTotals(text: string): Map<string, ServiceTotals> {
  const totals = new Map<string, ServiceTotals>();
  for (const line of text.split('\n')) {
    const [protocol = '', address = '', connections, , , bytesIn, bytesOut] = line.trim().split(/\s+/);
    const end = protocol === '->' ? null : decimalEndpoint(address);
    if (end === null) continue;
    const counts = { connections: Number(connections), bytesIn: Number(bytesIn), bytesOut: Number(bytesOut) };
    totals.set(serviceName(protocol, end), counts);
  }
  return totals;
}

/** The statistics come last: a service that appears between the two readings has counted next to nothing. */
const READ = 'cat /proc/net/ip_vs && echo --- && exec ipvsadm --list --numeric --stats --exact';

/** @throws Error when the kernel cannot be asked */
export async function readKernel(namespace: TrafficNamespace): Promise<Kernel> {
  const askedAt = performance.now();
  const { code, stdout, stderr } = await namespace.script(READ, []);
  const [table, statistics] = stdout.split('---\n');
  if (code !== 0 || table === undefined || statistics === undefined) throw new Error(`IPVS: ${stderr.trim() || code}`);
  return { askedAt, table: parseTable(table), totals: parseTotals(statistics) };
}

/** Takes services out of the table; fine when they are not in it. */
export async function removeServices(namespace: TrafficNamespace, services: string[]): Promise<void> {
  if (services.length === 0) return;
  const commands = services.map((name) => {
    const [protocol, end] = name.split(' ');
    return `ipvsadm --delete-service --${protocol?.toLowerCase()}-service '${end}' 2>/dev/null`;
  });
  await namespace.script(`${commands.join('\n')}\ntrue`, []);
}
