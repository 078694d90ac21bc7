/** A northbound or southbound database of OVN, without anything that would program switches from it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endChild } from '../../kit/children.ts';
import { until } from '../../kit/until.ts';
import { ensureDebianPackages } from '../debian.ts';

const schemaOf = (kind: Kind): string => `/usr/share/ovn/ovn-${kind}.ovsschema`;

/** Northbound, southbound. */
type Kind = 'nb' | 'sb';

export interface LoadBalancerRow {
  name: string;
  protocol: unknown;
  vips: Record<string, string>;
  external_ids: Record<string, string>;
  health_check: string[];
}

export interface OvnDatabase {
  /** As `[ovn] ovn_nb_connection` has it. */
  connection: string;
  /** As ML2/OVN does for a network of Neutron. */
  addNetwork(id: string): void;
  /** Rows of a load balancer: one for each protocol. */
  loadBalancers(id: string): LoadBalancerRow[];
  /** Connections to it. */
  clients(): number;
  close(): Promise<void>;
}

type Triple = [string, string, string];

/** OVSDB's JSON: `["map", [[key, value], …]]`, `["set", […]]`, a set of one is the element alone. */
const map = (value: unknown): Record<string, string> => Object.fromEntries((value as [string, [string, string][]])[1]);
const set = (value: unknown): string[] => {
  const [kind, elements] = value as [string, unknown];
  return kind === 'set' ? (elements as [string, string][]).map(([, id]) => id) : [elements as string];
};

export function installOvn(): void {
  const brought = [schemaOf('nb'), '/usr/lib/python3/dist-packages/ovn_octavia_provider/driver.py'];
  ensureDebianPackages(['ovn-central', 'python3-ovn-octavia-provider'], brought);
}

export async function startOvnDatabase(folder: string, kind: Kind = 'nb'): Promise<OvnDatabase> {
  const [file, socket, control] = ['db', 'sock', 'ctl'].map((end) => join(folder, `${kind}.${end}`)) as Triple;
  execFileSync('ovsdb-tool', ['create', file, schemaOf(kind)]);
  const server = spawn('ovsdb-server', [`--remote=punix:${socket}`, `--unixctl=${control}`, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await Promise.race([
    until('the database', () => existsSync(socket), 30_000),
    once(server, 'exit').then(() => Promise.reject(new Error('ovsdb-server has ended'))),
  ]);
  const connection = `unix:${socket}`;
  const nbctl = (...words: string[]): string =>
    execFileSync('ovn-nbctl', [`--db=${connection}`, ...words], { encoding: 'utf8' });
  if (kind === 'nb') nbctl('init');
  return {
    connection,
    addNetwork: (id) => void nbctl('ls-add', `neutron-${id}`),
    loadBalancers(id) {
      const { headings, data } = JSON.parse(nbctl('--format=json', 'list', 'Load_Balancer')) as {
        headings: string[];
        data: unknown[][];
      };
      const rows = data.map((row) => Object.fromEntries(headings.map((heading, index) => [heading, row[index]])));
      return rows
        .filter(({ name }) => name === id)
        .map(({ name, protocol, vips, external_ids, health_check }) => ({
          name: name as string,
          protocol,
          vips: map(vips),
          external_ids: map(external_ids),
          health_check: set(health_check),
        }));
    },
    clients() {
      const show = execFileSync('ovs-appctl', ['-t', control, 'memory/show'], { encoding: 'utf8' });
      return Number(/sessions:(\d+)/.exec(show)?.[1] ?? 0);
    },
    close: async () => void (await endChild(server, 'SIGTERM')),
  };
}
