/** `octavia tree`: the status tree of a load balancer, drawn. */
import { LoadBalancers } from '@octavia/client';
import { painter, wantsColour } from '../output/colour.ts';
import { printable } from '../output/printable.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

/** Something of the tree with all that is below it. */
export type TreeNode = Readonly<Record<string, unknown>>;

/** What is below what, and how it is called there. */
const BELOW: Readonly<Record<string, string>> = {
  listeners: 'listener',
  pools: 'pool',
  members: 'member',
  health_monitor: 'health monitor',
  l7policies: 'L7 policy',
  rules: 'L7 rule',
};

/** What it is and how it is called, on one line. */
export function labelled(kind: string, node: object): string {
  const { address, protocol_port: port, name, id, type } = node as TreeNode;
  const where = address === undefined ? '' : ` ${String(address)}:${String(port)}`;
  return printable(`${kind} ${String(name || id)}${where}${type === undefined ? '' : ` ${String(type)}`}`);
}

const statusesOf = (node: TreeNode): string[] =>
  [node.provisioning_status, node.operating_status]
    .filter((each) => each !== undefined)
    .map((each) => printable(String(each)));

const childrenOf = (node: TreeNode): [string, TreeNode][] =>
  Object.entries(BELOW).flatMap(([key, kind]) =>
    [node[key]]
      .flat()
      .flatMap((child): [string, TreeNode][] =>
        typeof child === 'object' && child !== null && Object.keys(child).length > 0 ? [[kind, child as TreeNode]] : [],
      ),
  );

/** Everything of the tree, each once. */
export function nodesOf(kind: string, node: TreeNode): { key: string; label: string; statuses: string }[] {
  const own = { key: `${kind} ${String(node.id)}`, label: labelled(kind, node), statuses: statusesOf(node).join(' ') };
  return [own, ...childrenOf(node).flatMap(([childKind, child]) => nodesOf(childKind, child))];
}

/** @param paint of statuses @returns lines */
export function drawn(kind: string, node: TreeNode, paint = (word: string): string => word): string[] {
  const children = childrenOf(node);
  return [
    `${labelled(kind, node)}  ${statusesOf(node).map(paint).join(' ')}`.trimEnd(),
    ...children.flatMap(([childKind, child], index) => {
      const isLast = index === children.length - 1;
      const [first = '', ...rest] = drawn(childKind, child, paint);
      return [`${isLast ? '└─ ' : '├─ '}${first}`, ...rest.map((line) => `${isLast ? '   ' : '│  '}${line}`)];
    }),
  ];
}

export async function tree(values: Values, { services, signal, env, terminal }: Context): Promise<string> {
  const id = await new Names(services, signal).idOf('loadbalancers', String(values.loadbalancer));
  const root = await new LoadBalancers(await services.loadBalancing()).status(id, { signal });
  const paint = painter(wantsColour(env, terminal() !== null));
  return `${drawn('load balancer', root as unknown as TreeNode, paint).join('\n')}\n`;
}
