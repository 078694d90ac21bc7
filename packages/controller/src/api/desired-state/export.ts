/** A load balancer as the document that leads to it. */
import { createHash } from 'node:crypto';
import type { Listener, LoadBalancer, Pool } from '../../domain/resources.ts';
import { isTlsCapable } from '../../domain/validation/listener.ts';
import type { TlsRules, TlsSettings } from '../../domain/validation/tls.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import type { Rules } from '../v2/rules.ts';
import { attributesOf, type DesiredKind, distinctAttributes, type Wire } from './attributes.ts';

/** What a create makes of an HTTP health monitor and of a redirect that say nothing. */
const CHOICES: Wire = { http_method: 'GET', url_path: '/', expected_codes: '200', redirect_http_code: 302 };

function without(wire: Wire, choices: Wire): Wire {
  return Object.fromEntries(
    Object.entries(wire).filter(([name, value]) => JSON.stringify(choices[name]) !== JSON.stringify(value)),
  );
}

const tlsChoices = ({ defaultCiphers, defaultVersions, defaultAlpnProtocols }: TlsRules): Wire => ({
  tls_ciphers: defaultCiphers,
  tls_versions: defaultVersions,
  alpn_protocols: defaultAlpnProtocols,
});

const withoutTlsChoices = (wire: Wire, _settings: TlsSettings, isInForce: boolean, rules: TlsRules): Wire =>
  isInForce ? without(wire, tlsChoices(rules)) : wire;

/** The id stands where the name does not tell the object from its siblings. */
function identity(own: { id: string; name: string }, siblings: readonly { name: string }[]): Wire {
  const isClear = own.name !== '' && siblings.filter(({ name }) => name === own.name).length === 1;
  return isClear ? {} : { id: own.id };
}

const nonEmpty = (wire: Wire): Wire =>
  Object.fromEntries(Object.entries(wire).filter(([, value]) => !(Array.isArray(value) && value.length === 0)));

/** Attributes that only a create takes: the document shows them, and they stay as they are. */
function loadBalancerAttributes(loadBalancer: LoadBalancer): Wire {
  const { vip, additionalVips } = loadBalancer;
  const { vip_network_id: networkId, vip_port_id: portId, ...wire } = distinctAttributes('load_balancer', loadBalancer);
  const where = vip.portOwned || vip.subnetId === null ? {} : { vip_port_id: portId };
  return {
    ...wire,
    ...(vip.subnetId === null ? { vip_network_id: networkId } : {}),
    ...where,
    ...(additionalVips.length === 0
      ? {}
      : {
          additional_vips: additionalVips.map(({ subnetId, ipAddress, givenAddress }) => ({
            subnet_id: subnetId,
            ip_address: givenAddress ?? ipAddress,
          })),
        }),
  };
}

/** Everything that a document can say, without what it says by leaving it out, in a fixed order. */
export function exported(loadBalancer: LoadBalancer, tree: Children, rules: Rules): Wire {
  const poolName = (id: string | null): Wire | null => {
    const pool = tree.pools.find((one) => one.id === id);
    if (!pool) return null;
    return 'id' in identity(pool, tree.pools) ? { id: pool.id } : { name: pool.name };
  };
  const listener = (own: Listener): Wire => {
    const { default_pool_id: _shownByName, ...wire } = distinctAttributes('listener', own);
    const policies = tree.l7policies
      .filter(({ listenerId }) => listenerId === own.id)
      .sort((a, b) => a.position - b.position);
    return nonEmpty({
      ...identity(own, tree.listeners),
      ...withoutTlsChoices(wire, own, isTlsCapable(own), rules.listener.tls),
      ...(own.defaultPoolId === null ? {} : { default_pool: poolName(own.defaultPoolId) }),
      l7policies: policies.map((policy) => {
        const {
          redirect_pool_id: _shownByName,
          position: _order,
          ...attributes
        } = distinctAttributes('l7policy', policy);
        const target = poolName(policy.redirectPoolId);
        return nonEmpty({
          ...identity(policy, policies),
          ...without(attributes, CHOICES),
          ...(target === null ? {} : { redirect_pool: target }),
          rules: tree.l7rules
            .filter(({ l7policyId }) => l7policyId === policy.id)
            .map((rule) => distinctAttributes('l7rule', rule)),
        });
      }),
    });
  };
  const pool = (own: Pool): Wire => {
    const wire = distinctAttributes('pool', own);
    const persistence = wire.session_persistence;
    const monitor = tree.healthMonitors.find(({ poolId }) => poolId === own.id);
    return nonEmpty({
      ...identity(own, tree.pools),
      ...withoutTlsChoices(wire, own, own.tlsEnabled, rules.pool.tls),
      ...(persistence ? { session_persistence: given(persistence as Wire) } : {}),
      ...(monitor ? { healthmonitor: without(distinctAttributes('health_monitor', monitor), CHOICES) } : {}),
      members: tree.members
        .filter(({ poolId }) => poolId === own.id)
        .map((member) => distinctAttributes('member', member)),
    });
  };
  return nonEmpty({
    ...loadBalancerAttributes(loadBalancer),
    listeners: tree.listeners.map(listener),
    pools: tree.pools.map(pool),
  });
}

const given = (wire: Wire): Wire => Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== null));

const everything = (kind: DesiredKind, rows: readonly { id: string }[]): unknown[] =>
  rows.map((row) => [row.id, attributesOf(kind, row)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));

/** The database keeps objects in an order of its own. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

/** An entity tag of all that a document can say, and of which objects say it; statuses are no part of it. */
export function entityTag(loadBalancer: LoadBalancer, tree: Children): string {
  const text = canonical([
    everything('load_balancer', [loadBalancer]),
    everything('listener', tree.listeners),
    everything('pool', tree.pools),
    everything('member', tree.members),
    everything('health_monitor', tree.healthMonitors),
    everything('l7policy', tree.l7policies),
    everything('l7rule', tree.l7rules),
    // Below what: nothing else tells where a rule or a member stands.
    [...tree.members, ...tree.healthMonitors].map(({ id, poolId }) => [id, poolId]).sort(),
    tree.l7policies.map(({ id, listenerId }) => [id, listenerId]).sort(),
    tree.l7rules.map(({ id, l7policyId }) => [id, l7policyId]).sort(),
  ]);
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 32)}"`;
}
