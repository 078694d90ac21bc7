/** Makes an interface inside the traffic namespace look like its plan; changes only what differs. */
import type { Log } from '../log.ts';
import { delay } from '../system/delay.ts';
import type { InterfacePlan, PlannedRoute } from './interface-plan.ts';
import { parseIp } from './ip-address.ts';
import type { LinkAddress, TrafficNamespace } from './namespace.ts';

/** Duplicate address detection takes one to two seconds; a network that never answers must not block a plug for ever. */
const TENTATIVE_POLL_MS = 200;
const TENTATIVE_LIMIT_MS = 30_000;
const RULE_PRIORITY = 100;

/** @throws CommandError when addresses or the interface itself cannot be set */
export async function reconcileInterface(namespace: TrafficNamespace, plan: InterfacePlan, log: Log): Promise<void> {
  const present = (await namespace.addresses()).get(plan.name) ?? [];
  await namespace.batch([
    ...(plan.mtu === undefined ? [] : [`link set dev ${plan.name} mtu ${plan.mtu}`]),
    ...addressChanges(plan, present),
    `link set dev ${plan.name} up`,
  ]);
  await waitUntilUsable(namespace, plan, log);
  const main = plan.routes.filter((route) => route.table === undefined);
  const policy = plan.routes.filter((route) => route.table !== undefined);
  await namespace.batch([...(await staleRoutes(namespace, plan)), ...main.map((route) => addRoute(plan.name, route))]);
  if (plan.kind !== 'vip') return;
  try {
    await namespace.batch(policy.map((route) => addRoute(plan.name, route)));
    for (const version of [4, 6] as const) await namespace.batch(await ruleChanges(namespace, plan, version), version);
  } catch (error) {
    // A kernel without policy routing still serves every client that is not inside a member network.
    log.warn({ interface: plan.name, err: error }, 'Policy routing is not available');
  }
}

const cidrOf = (address: LinkAddress): string => `${address.address}/${address.prefixLength}`;

function addressChanges(plan: InterfacePlan, present: LinkAddress[]): string[] {
  const wanted = new Set(plan.addresses.map((address) => address.cidr));
  const have = new Set(present.map(cidrOf));
  const removed = present.filter((address) => !wanted.has(cidrOf(address)));
  const added = plan.addresses.filter((address) => address.owned && !have.has(address.cidr));
  return [
    ...removed.map((address) => `address delete ${cidrOf(address)} dev ${plan.name}`),
    ...added.map((address) => `address add ${address.cidr} dev ${plan.name}`),
  ];
}

async function waitUntilUsable(namespace: TrafficNamespace, plan: InterfacePlan, log: Log): Promise<void> {
  if (!plan.addresses.some((address) => address.cidr.includes(':'))) return;
  for (let waited = 0; waited < TENTATIVE_LIMIT_MS; waited += TENTATIVE_POLL_MS) {
    const addresses = (await namespace.addresses()).get(plan.name) ?? [];
    if (!addresses.some((address) => address.tentative)) return;
    await delay(TENTATIVE_POLL_MS);
  }
  log.warn({ interface: plan.name }, `Addresses are still tentative after ${TENTATIVE_LIMIT_MS / 1000} s`);
}

/** `proto static` marks the agent's own routes, so that those of the kernel and of keepalived are left alone. */
function addRoute(device: string, route: PlannedRoute): string {
  const via = route.gateway === undefined ? 'scope link' : `via ${route.gateway} onlink`;
  const direct = route.version === 6 && route.gateway === undefined ? '' : via;
  const table = route.table === undefined ? '' : `table ${route.table}`;
  const source = route.source === undefined ? '' : `src ${route.source}`;
  return `route replace ${route.destination} ${direct} dev ${device} proto static ${source} ${table}`;
}

function routeKey(
  version: number,
  destination: string,
  gateway: string | undefined,
  table: number | undefined,
): string {
  const host = parseIp(destination);
  const plain = host === null ? destination : `${host.text}/${host.version === 4 ? 32 : 128}`;
  return `${version} ${plain} ${gateway ?? ''} ${table ?? 'main'}`;
}

async function staleRoutes(namespace: TrafficNamespace, plan: InterfacePlan): Promise<string[]> {
  const wanted = new Set(plan.routes.map((r) => routeKey(r.version, r.destination, r.gateway, r.table)));
  const lines: string[] = [];
  for (const version of [4, 6]) {
    const args = [`-${version}`, 'route', 'show', 'table', 'all', 'dev', plan.name, 'proto', 'static'];
    for (const route of await namespace.query(args)) {
      const destination = String(route.dst);
      const gateway = typeof route.gateway === 'string' ? route.gateway : undefined;
      const table = route.table === undefined ? undefined : Number(route.table);
      if (wanted.has(routeKey(version, destination, gateway, table))) continue;
      const via = gateway === undefined ? '' : `via ${gateway}`;
      lines.push(`route delete ${destination} ${via} dev ${plan.name} table ${table ?? 'main'}`);
    }
  }
  return lines;
}

/** Rules that keepalived moves with its VIPs carry its own protocol number. */
const isForeignRule = (rule: Record<string, unknown>): boolean => ['keepalived', '18'].includes(String(rule.protocol));

/** The kernel accepts the same rule twice, so only missing ones are added. */
async function ruleChanges(namespace: TrafficNamespace, plan: InterfacePlan, version: 4 | 6): Promise<string[]> {
  const wanted = plan.rules.filter((rule) => rule.from.includes(':') === (version === 6));
  const present = (await namespace.query([`-${version}`, 'rule', 'show']))
    .filter((rule) => rule.priority === RULE_PRIORITY && !isForeignRule(rule))
    .map((rule) => `${String(rule.src)}/${String(rule.srclen ?? (version === 4 ? 32 : 128))}`);
  return [
    ...present
      .filter((from) => !wanted.some((rule) => rule.from === from))
      .map((from) => `rule delete from ${from} priority ${RULE_PRIORITY}`),
    ...wanted
      .filter((rule) => !present.includes(rule.from))
      .map((rule) => `rule add from ${rule.from} table ${rule.table} priority ${RULE_PRIORITY}`),
  ];
}
