/**
 * What new connections a port of the local cloud lets in: nftables on the host's end of the cable, so that an amphora
 * need not be trusted with it.
 *
 * Without connection tracking, which many kernels lack on bridges and which would cost every packet: of TCP the packet
 * that opens a connection is judged, everything after it passes.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { IngressRule } from '../../domain/ingress.ts';
import { CommandError, runTool } from './command.ts';
import { hostInterface } from './instance.ts';

const tableOf = (tag: string): string => `bridge octavia_${tag}`;
const VRRP = 112;

/** Addresses come from validated rows; what is none is an error of ours and must not become a rule. */
function family(source: string): 'ip' | 'ip6' {
  const address = source.split('/')[0] ?? '';
  const prefix = source.split('/')[1];
  if (prefix === undefined || /^\d{1,3}$/.test(prefix)) {
    if (isIPv4(address)) return 'ip';
    if (isIPv6(address) && !address.includes('%')) return 'ip6';
  }
  throw new Error(`${source} is not a CIDR`);
}

/** `th` reads the ports of every transport protocol: a kernel need not speak SCTP to filter it. */
function match({ protocol, port, sourcePort }: IngressRule): string {
  if (protocol === 'vrrp') return `meta l4proto ${VRRP}`;
  const from = sourcePort === undefined ? '' : ` th sport ${Math.trunc(sourcePort)}`;
  const to = port === null ? '' : ` th dport ${Math.trunc(port)}`;
  return `meta l4proto ${protocol}${from}${to}`;
}

function rules(rule: IngressRule): string[] {
  if (rule.sources === null) return [`${match(rule)} accept`];
  const byFamily = { ip: [] as string[], ip6: [] as string[] };
  for (const source of rule.sources) byFamily[family(source)].push(source);
  return Object.entries(byFamily).flatMap(([name, sources]) =>
    sources.map((source) => `${name} saddr ${source} ${match(rule)} accept`),
  );
}

/** Neighbour discovery and path MTU work, connections under way go on, and what the amphora itself opened comes back. */
const ALWAYS = [
  'ether type arp accept',
  'meta l4proto { icmp, icmpv6 } accept',
  'tcp flags & (syn | ack) != syn accept',
  // Parts of a datagram after the first have no ports, and are of no use without the first.
  'ip frag-off & 0x1fff != 0 accept',
  'frag frag-off != 0 accept',
];

/** The table with its two hooks; a port is found by the name of its host interface. Idempotent as a script. */
const base = (tag: string): string[] => [
  `add table ${tableOf(tag)}`,
  `add map ${tableOf(tag)} ports { type ifname : verdict; }`,
  ...['forward', 'output'].flatMap((hook) => [
    `add chain ${tableOf(tag)} ${hook} { type filter hook ${hook} priority 0; policy accept; }`,
    `flush chain ${tableOf(tag)} ${hook}`,
    `add rule ${tableOf(tag)} ${hook} oifname vmap @ports`,
  ]),
];

/** Pure: the nft script that brings ports to these rules. */
export function filterScript(tag: string, ports: readonly { id: string; rules: readonly IngressRule[] }[]): string {
  const lines = base(tag);
  for (const port of ports) {
    const name = hostInterface(tag, port.id);
    const chain = `${tableOf(tag)} ${name}`;
    lines.push(
      `add chain ${chain}`,
      `flush chain ${chain}`,
      ...[...ALWAYS, ...port.rules.flatMap(rules), 'drop'].map((rule) => `add rule ${chain} ${rule}`),
      `add element ${tableOf(tag)} ports { "${name}" : jump ${name} }`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Pure: forgets a port, known or not. */
export function unfilterScript(tag: string, portId: string): string {
  const name = hostInterface(tag, portId);
  const chain = `${tableOf(tag)} ${name}`;
  const element = `element ${tableOf(tag)} ports { "${name}" : jump ${name} }`;
  // Adding before deleting: to delete what is not there would be an error.
  const lines = [
    ...base(tag),
    `add chain ${chain}`,
    `add ${element}`,
    `delete ${element}`,
    `flush chain ${chain}`,
    `delete chain ${chain}`,
  ];
  return `${lines.join('\n')}\n`;
}

const nft = (script: string) => runTool(['nft', '-f', '-'], { input: script });

/** All or nothing. @throws CommandError */
export async function filterPorts(tag: string, ports: Parameters<typeof filterScript>[1]): Promise<void> {
  if (ports.length > 0) await nft(filterScript(tag, ports));
}

/** @throws CommandError */
export async function unfilterPort(tag: string, portId: string): Promise<void> {
  await nft(unfilterScript(tag, portId));
}

/** Removes every rule of the installation. Idempotent. @throws CommandError */
export async function removeFilter(tag: string): Promise<void> {
  await nft(`add table ${tableOf(tag)}\ndelete table ${tableOf(tag)}\n`);
}

/** Whether this kernel filters on bridges; tried in a namespace that ends with the command. */
export async function canFilterPorts(): Promise<boolean> {
  try {
    const rule: IngressRule = { protocol: 'tcp', port: 80, sources: ['192.0.2.0/24'] };
    const input = filterScript('probe', [{ id: '00000000-0000-4000-8000-000000000000', rules: [rule] }]);
    await runTool(['unshare', '--net', 'nft', '-f', '-'], { input });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
