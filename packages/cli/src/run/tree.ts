/** `octavia tree`: the status tree of a load balancer, drawn. */
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

type Node = Record<string, unknown>;

/** What is below what, and how it is called there. */
const BELOW: Readonly<Record<string, string>> = {
  listeners: 'listener',
  pools: 'pool',
  members: 'member',
  health_monitor: 'health monitor',
  l7policies: 'L7 policy',
  rules: 'L7 rule',
};

function label(kind: string, node: Node): string {
  const address = node.address === undefined ? '' : ` ${String(node.address)}:${String(node.protocol_port)}`;
  const name = String(node.name || node.id);
  const type = node.type === undefined ? '' : ` ${String(node.type)}`;
  const statuses = [node.provisioning_status, node.operating_status].filter((each) => each !== undefined);
  return `${kind} ${name}${address}${type}  ${statuses.join(' ')}`.trimEnd();
}

const childrenOf = (node: Node): [string, Node][] =>
  Object.entries(BELOW).flatMap(([key, kind]) =>
    [node[key]]
      .flat()
      .flatMap((child): [string, Node][] =>
        typeof child === 'object' && child !== null && Object.keys(child).length > 0 ? [[kind, child as Node]] : [],
      ),
  );

/** @returns lines */
export function drawn(kind: string, node: Node): string[] {
  const children = childrenOf(node);
  return [
    label(kind, node),
    ...children.flatMap(([childKind, child], index) => {
      const isLast = index === children.length - 1;
      const [first = '', ...rest] = drawn(childKind, child);
      return [`${isLast ? '└─ ' : '├─ '}${first}`, ...rest.map((line) => `${isLast ? '   ' : '│  '}${line}`)];
    }),
  ];
}

export async function tree(values: Values, { services, signal }: Context): Promise<string> {
  const id = await new Names(services, signal).idOf('loadbalancers', String(values.loadbalancer));
  const api = await services.loadBalancing();
  const path = `/v2.0/lbaas/loadbalancers/${encodeURIComponent(id)}/status`;
  const body = Object(await api.request('GET', path, { signal }));
  return `${drawn('load balancer', Object(Object(body.statuses).loadbalancer) as Node).join('\n')}\n`;
}
