/** What drivers read of their objects: as they were given them, with everything below, and null for what is not set. */
import type { ProviderModel } from '@octavia/provider-lib';
import type { CertificateManager } from '../clouds/certificates/manager.ts';
import type { LoadBalancerTree } from '../domain/resources.ts';
import type { TreeKind } from '../domain/status-transitions.ts';
import { canonicalUuid } from '../domain/uuid.ts';
import { readMaterial, type TlsMaterial } from '../providers/driver/material.ts';
import {
  healthMonitorOf,
  l7policyOf,
  l7ruleOf,
  loadBalancerOf,
  memberOf,
  poolOf,
  storedListenerOf,
} from '../providers/driver/objects.ts';
import { chosenBy } from '../providers/driver/provider.ts';
import type { Database } from '../store/core/database.ts';
import * as loadBalancers from '../store/resources/load-balancers.ts';
import { ownerOf } from '../store/resources/owners.ts';
import { LISTS, type ListName } from './status-message.ts';

export interface ObjectReaderOptions {
  db: Database;
  certificates: CertificateManager;
}

type Holders = Parameters<typeof readMaterial>[2];

const byId = <T extends { id: string }>(list: readonly T[], id: string): T[] => list.filter((one) => one.id === id);

/** What of a tree has certificates that the object shows. */
function holdersOf(kind: TreeKind, tree: LoadBalancerTree, id: string): Holders {
  if (kind === 'load_balancer') return tree;
  if (kind === 'pool') return { pools: byId(tree.pools, id) };
  if (kind !== 'listener') return {};
  const listeners = byId(tree.listeners, id);
  return { listeners, pools: tree.pools.filter((pool) => listeners[0]?.defaultPoolId === pool.id) };
}

export class ObjectReader {
  readonly #options: ObjectReaderOptions;

  constructor(options: ObjectReaderOptions) {
    this.#options = options;
  }

  /** @returns an empty map where there is no such object, or the request names none */
  async answer(request: unknown): Promise<object> {
    if (typeof request !== 'object' || request === null) return {};
    const { object, id: given } = request as Record<string, unknown>;
    const kind = typeof object === 'string' && Object.hasOwn(LISTS, object) ? LISTS[object as ListName] : null;
    const id = typeof given === 'string' ? canonicalUuid(given) : null;
    if (kind === null || id === null) return {};
    const model = await this.#read(kind, id);
    return model === null ? {} : forOldLibraries(model.to_dict({ recurse: true, render_unsets: true }));
  }

  async #read(kind: TreeKind, id: string): Promise<ProviderModel | null> {
    const { db, certificates } = this.#options;
    const owner = await ownerOf(db, kind, id);
    const tree = owner === null ? null : await loadBalancers.tree(db, owner);
    if (tree === null) return null;
    const { loadBalancer } = tree;
    // Who reads an object needs it also when a certificate is not to be had at the moment.
    const material = await readMaterial(certificates, loadBalancer.projectId, holdersOf(kind, tree, id), true);
    if (kind !== 'load_balancer') return childOf(kind, tree, id, material);
    const chosen = await db.transaction((tx) => chosenBy(tx, loadBalancer));
    return loadBalancerOf(loadBalancer, chosen, { below: tree, material });
  }
}

function childOf(
  kind: Exclude<TreeKind, 'load_balancer'>,
  tree: LoadBalancerTree,
  id: string,
  material: TlsMaterial,
): ProviderModel | null {
  const [listener] = byId(tree.listeners, id);
  const [pool] = byId(tree.pools, id);
  const [member] = byId(tree.members, id);
  const [monitor] = byId(tree.healthMonitors, id);
  const [policy] = byId(tree.l7policies, id);
  const [rule] = byId(tree.l7rules, id);
  switch (kind) {
    case 'listener':
      return listener ? storedListenerOf(listener, material, tree) : null;
    case 'pool':
      return pool ? poolOf(pool, material, tree) : null;
    case 'member':
      return member ? memberOf(member) : null;
    case 'health_monitor':
      return monitor ? healthMonitorOf(monitor) : null;
    case 'l7policy':
      return policy ? l7policyOf(policy, tree) : null;
    case 'l7rule':
      return rule ? l7ruleOf(rule) : null;
  }
}

/**
 * Fields that octavia-lib 3.1.0 (2022) does not have, and what of them says nothing: it refuses fields that it does not know, so they
 * are sent only where they matter.
 */
const NEWER: Readonly<Record<string, (value: unknown) => boolean>> = {
  vip_sg_ids: (value) => Array.isArray(value) && value.length === 0,
  vnic_type: (value) => value === 'normal',
  hsts_max_age: () => false,
  hsts_include_subdomains: (value) => value === false,
  hsts_preload: (value) => value === false,
};

function forOldLibraries(value: unknown): object {
  return withoutIdle(value) as object;
}

function withoutIdle(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIdle);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name, item]) => {
    const isIdle = Object.hasOwn(NEWER, name) ? NEWER[name] : undefined;
    return isIdle === undefined || (item !== null && !isIdle(item));
  });
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutIdle(item)]));
}
