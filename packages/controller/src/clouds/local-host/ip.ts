/** Typed door to iproute2: `ip -j` for reading, `ip -batch` for writing, `nsenter` for another network namespace. */
import { CommandError, runTool } from './command.ts';

export interface Link {
  index: number;
  name: string;
  macAddress: string;
  up: boolean;
  /** Bridge the interface belongs to. */
  master: string | null;
  alias: string | null;
}

export interface AddressEntry {
  device: string;
  /** e.g. `198.18.0.1/22` */
  address: string;
}

export interface Route {
  /** `unicast`, `unreachable`, `local`, … */
  type: string;
  /** `default` or CIDR; a single address has no `/`. */
  destination: string;
  device: string | null;
  metric: number | null;
}

type Fields = Record<string, unknown>;

function records(text: string): Fields[] {
  if (text.trim() === '') return [];
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return [];
  // iproute2 prints `{}` for filtered-out entries.
  return value.filter((entry): entry is Fields => typeof entry === 'object' && entry !== null);
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Parses `ip -j link show`. */
export function parseLinks(json: string): Link[] {
  return records(json).flatMap((entry) => {
    const name = text(entry.ifname);
    if (name === null) return [];
    return [
      {
        index: Number(entry.ifindex),
        name,
        macAddress: text(entry.address) ?? '',
        up: list(entry.flags).includes('UP'),
        master: text(entry.master),
        alias: text(entry.ifalias),
      },
    ];
  });
}

/** Parses `ip -j -4 addr show`. */
export function parseAddresses(json: string): AddressEntry[] {
  return records(json).flatMap((entry) => {
    const device = text(entry.ifname);
    if (device === null) return [];
    return list(entry.addr_info).flatMap((info) => {
      const { local, prefixlen } = (info ?? {}) as Fields;
      return typeof local === 'string' ? [{ device, address: `${local}/${Number(prefixlen)}` }] : [];
    });
  });
}

/** Parses `ip -j -4 route show`. */
export function parseRoutes(json: string): Route[] {
  return records(json).flatMap((entry) => {
    const destination = text(entry.dst);
    if (destination === null) return [];
    return [
      {
        type: text(entry.type) ?? 'unicast',
        destination,
        device: text(entry.dev),
        metric: typeof entry.metric === 'number' ? entry.metric : null,
      },
    ];
  });
}

export async function listLinks(): Promise<Link[]> {
  return parseLinks((await runTool(['ip', '-j', 'link', 'show'])).stdout);
}

export async function listAddresses(): Promise<AddressEntry[]> {
  return parseAddresses((await runTool(['ip', '-j', '-4', 'addr', 'show'])).stdout);
}

/** Routes of every table: policy routing must not hide a network that is in use. */
export async function listRoutes(): Promise<Route[]> {
  return parseRoutes((await runTool(['ip', '-j', '-4', 'route', 'show', 'table', 'all'])).stdout);
}

/**
 * Runs `ip` commands (without the word `ip`) in order, in one process; stops at the first that fails.
 * `pid`: in the network namespace of that process, else in ours. Words must not need quoting. @throws CommandError
 */
export async function ipBatch(lines: readonly string[], pid?: number): Promise<void> {
  if (lines.length === 0) return;
  const namespace = pid === undefined ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`];
  await runTool([...namespace, 'ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** `ip` missed the interface itself, or the kernel did: it was just going with its network namespace. */
const GONE = /Cannot find device|No such device/;

/** Removes interfaces; those that are gone are fine. */
export async function deleteLinks(names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await runTool(['ip', 'link', 'delete', 'dev', name]);
    } catch (error) {
      if (!(error instanceof CommandError && GONE.test(error.stderr))) throw error;
    }
  }
}
