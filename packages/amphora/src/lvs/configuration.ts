/**
 * Reads what the agent must know from a configuration it did not write: the virtual services of the listener, and from the
 * comments which pool and member stand behind them.
 */
import { parseIp } from '../network/ip-address.ts';

type LvsProtocol = 'UDP' | 'SCTP';

export interface LvsMember {
  id: string;
  /** `<address>:<port>` as `endpoint` writes it. Null: switched off. */
  endpoint: string | null;
  checked: boolean;
  /** Serves when no other does. */
  backup: boolean;
}

export interface LvsConfiguration {
  protocol: LvsProtocol;
  /** `<protocol> <address>:<port>`: names of the virtual services, as `serviceName` writes them. */
  services: string[];
  /** Pool id → members. */
  pools: Map<string, LvsMember[]>;
  /** Something for keepalived to run with; a listener without a pool has nothing. */
  balances: boolean;
}

/** One spelling per address: IPv6 has many. Null for text that is no address with a port. */
export function endpoint(address: string, port: number): string | null {
  const ip = parseIp(address);
  if (ip === null || !Number.isInteger(port) || port < 1 || port > 65_535) return null;
  return ip.version === 4 ? `${ip.text}:${port}` : `[${ip.text}]:${port}`;
}

export const serviceName = (protocol: string, end: string): string => `${protocol} ${end}`;

const CONFIGURATION_OF = /^# Configuration for (Pool|Member) ([0-9a-f-]{36})$/;
/** Where no virtual server says it. */
const PROTOCOL = /^# Protocol (UDP|SCTP)$/;
const DISABLED = /^# Member ([0-9a-f-]{36}) is disabled$/;
const CHECK = /^(\w+_CHECK|HTTP_GET|SSL_GET)\b/;

class Reader {
  readonly #pools = new Map<string, LvsMember[]>();
  readonly #groups = new Map<string, string[]>();
  /** Endpoints that a virtual server listens on; a group stands for all of its addresses. */
  readonly #used: (() => readonly string[])[] = [];
  #protocol: LvsProtocol | null = null;
  #pool = '';
  #member: string | null = null;
  #group: string | null = null;
  #depth = 0;

  read(text: string): LvsConfiguration {
    for (const raw of text.split('\n')) {
      const line = raw.trim();
      this.#comment(line);
      if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
      this.#directive(line.split(/\s+/));
      this.#depth += line.endsWith('{') ? 1 : 0;
      this.#depth -= line === '}' ? 1 : 0;
      if (this.#depth === 0) this.#group = null;
    }
    const protocol = this.#protocol ?? 'UDP';
    const ends = this.#used.flatMap((endpoints) => endpoints());
    const services = ends.map((end) => serviceName(protocol, end));
    return { protocol, services, pools: this.#pools, balances: this.#used.length > 0 };
  }

  #comment(line: string): void {
    const [, kind, id = ''] = CONFIGURATION_OF.exec(line) ?? [];
    if (kind === 'Member') this.#member = id;
    if (kind === 'Pool') {
      this.#pool = id;
      if (!this.#pools.has(id)) this.#pools.set(id, []);
    }
    const protocol = PROTOCOL.exec(line)?.[1];
    if (protocol !== undefined) this.#protocol = protocol as LvsProtocol;
    const disabled = DISABLED.exec(line)?.[1];
    if (disabled !== undefined) this.#add({ id: disabled, endpoint: null, checked: false, backup: false });
  }

  #directive([keyword = '', first = '', second = '']: string[]): void {
    if (keyword === 'virtual_server_group') this.#group = first;
    else if (keyword === 'virtual_server') this.#virtualServer(first, second);
    else if (keyword === 'protocol') this.#protocol = first === 'SCTP' ? 'SCTP' : 'UDP';
    else if (keyword === 'real_server' || keyword === 'sorry_server') this.#server(keyword, first, Number(second));
    else if (CHECK.test(keyword)) this.#checked();
    else if (this.#group !== null && this.#depth === 1) this.#entry(this.#group, keyword, Number(first));
  }

  #virtualServer(first: string, second: string): void {
    // The group may come later in the file.
    if (first === 'group') this.#used.push(() => this.#groups.get(second) ?? []);
    else this.#used.push(() => [endpoint(first, Number(second))].filter((end) => end !== null));
  }

  #entry(group: string, address: string, port: number): void {
    const end = endpoint(address, port);
    if (end !== null) this.#groups.set(group, [...(this.#groups.get(group) ?? []), end]);
  }

  #server(keyword: string, address: string, port: number): void {
    if (this.#member === null) return;
    const backup = keyword === 'sorry_server';
    this.#add({ id: this.#member, endpoint: endpoint(address, port), checked: false, backup });
    this.#member = null;
  }

  #checked(): void {
    const last = this.#pools.get(this.#pool)?.at(-1);
    if (last !== undefined) last.checked = true;
  }

  #add(member: LvsMember): void {
    this.#pools.get(this.#pool)?.push(member);
  }
}

export const readConfiguration = (text: string): LvsConfiguration => new Reader().read(text);
