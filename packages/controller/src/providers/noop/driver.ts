/**
 * A driver without a backend, built on what every driver is built on and nothing else: accepts everything and remembers the last call
 * for each object.
 */
import { randomUUID } from 'node:crypto';
import {
  type AdditionalVip,
  type HealthMonitor,
  isUnset,
  type L7Policy,
  type L7Rule,
  type Listener,
  type LoadBalancer,
  type Member,
  type Metadata,
  type Pool,
  ProviderDriver,
  type Settable,
  type VipDictionary,
} from '@octavia/provider-lib';

/** Not a network: a made-up address that clients of OpenStack Octavia know. */
const ADDRESS = '198.0.2.5';

/** So many objects are remembered, the newest. */
const REMEMBERED = 1000;

export interface RememberedCall {
  method: string;
  /** The objects of the call, or ids. */
  arguments: readonly unknown[];
}

export class NoopDriver extends ProviderDriver {
  /** By object. */
  readonly calls = new Map<string, RememberedCall>();

  #remember(id: Settable<string>, method: string, ...given: unknown[]): void {
    const key = isUnset(id) || id === null ? '' : id;
    this.calls.delete(key);
    this.calls.set(key, { method, arguments: given });
    const [oldest] = this.calls.keys();
    if (this.calls.size > REMEMBERED && oldest !== undefined) this.calls.delete(oldest);
  }

  override create_vip_port(
    loadbalancer_id: string,
    project_id: string,
    vip: VipDictionary,
    additional: AdditionalVip[],
  ): [VipDictionary, AdditionalVip[]] {
    this.#remember(loadbalancer_id, 'create_vip_port', project_id, vip, additional);
    return [
      {
        ...vip,
        vip_address: vip.vip_address ?? ADDRESS,
        vip_network_id: vip.vip_network_id ?? randomUUID(),
        vip_port_id: vip.vip_port_id ?? randomUUID(),
        vip_subnet_id: vip.vip_subnet_id ?? randomUUID(),
      },
      additional.map((one) => ({ ...one, ip_address: one.ip_address ?? ADDRESS })),
    ];
  }

  override loadbalancer_create(loadbalancer: LoadBalancer): void {
    this.#remember(loadbalancer.loadbalancer_id, 'loadbalancer_create', loadbalancer);
  }

  override loadbalancer_delete(loadbalancer: LoadBalancer, cascade = false): void {
    this.#remember(loadbalancer.loadbalancer_id, 'loadbalancer_delete', loadbalancer, cascade);
  }

  override loadbalancer_failover(loadbalancer_id: string): void {
    this.#remember(loadbalancer_id, 'loadbalancer_failover');
  }

  override loadbalancer_update(old_loadbalancer: LoadBalancer, new_loadbalancer: LoadBalancer): void {
    this.#remember(new_loadbalancer.loadbalancer_id, 'loadbalancer_update', old_loadbalancer, new_loadbalancer);
  }

  override listener_create(listener: Listener): void {
    this.#remember(listener.listener_id, 'listener_create', listener);
  }

  override listener_delete(listener: Listener): void {
    this.#remember(listener.listener_id, 'listener_delete', listener);
  }

  override listener_update(old_listener: Listener, new_listener: Listener): void {
    this.#remember(new_listener.listener_id, 'listener_update', old_listener, new_listener);
  }

  override pool_create(pool: Pool): void {
    this.#remember(pool.pool_id, 'pool_create', pool);
  }

  override pool_delete(pool: Pool): void {
    this.#remember(pool.pool_id, 'pool_delete', pool);
  }

  override pool_update(old_pool: Pool, new_pool: Pool): void {
    this.#remember(new_pool.pool_id, 'pool_update', old_pool, new_pool);
  }

  override member_create(member: Member): void {
    this.#remember(member.member_id, 'member_create', member);
  }

  override member_delete(member: Member): void {
    this.#remember(member.member_id, 'member_delete', member);
  }

  override member_update(old_member: Member, new_member: Member): void {
    this.#remember(new_member.member_id, 'member_update', old_member, new_member);
  }

  override member_batch_update(pool_id: string, members: Member[]): void {
    this.#remember(pool_id, 'member_batch_update', members);
  }

  override health_monitor_create(healthmonitor: HealthMonitor): void {
    this.#remember(healthmonitor.healthmonitor_id, 'health_monitor_create', healthmonitor);
  }

  override health_monitor_delete(healthmonitor: HealthMonitor): void {
    this.#remember(healthmonitor.healthmonitor_id, 'health_monitor_delete', healthmonitor);
  }

  override health_monitor_update(old_healthmonitor: HealthMonitor, new_healthmonitor: HealthMonitor): void {
    this.#remember(new_healthmonitor.healthmonitor_id, 'health_monitor_update', old_healthmonitor, new_healthmonitor);
  }

  override l7policy_create(l7policy: L7Policy): void {
    this.#remember(l7policy.l7policy_id, 'l7policy_create', l7policy);
  }

  override l7policy_delete(l7policy: L7Policy): void {
    this.#remember(l7policy.l7policy_id, 'l7policy_delete', l7policy);
  }

  override l7policy_update(old_l7policy: L7Policy, new_l7policy: L7Policy): void {
    this.#remember(new_l7policy.l7policy_id, 'l7policy_update', old_l7policy, new_l7policy);
  }

  override l7rule_create(l7rule: L7Rule): void {
    this.#remember(l7rule.l7rule_id, 'l7rule_create', l7rule);
  }

  override l7rule_delete(l7rule: L7Rule): void {
    this.#remember(l7rule.l7rule_id, 'l7rule_delete', l7rule);
  }

  override l7rule_update(old_l7rule: L7Rule, new_l7rule: L7Rule): void {
    this.#remember(new_l7rule.l7rule_id, 'l7rule_update', old_l7rule, new_l7rule);
  }

  override get_supported_flavor_metadata(): Record<string, string> {
    return { amp_image_tag: 'The glance image tag to use for this load balancer.' };
  }

  override validate_flavor(flavor_metadata: Metadata): void {
    this.#remember('flavor', 'validate_flavor', flavor_metadata);
  }

  override get_supported_availability_zone_metadata(): Record<string, string> {
    return {
      compute_zone: 'The compute availability zone to use for this load balancer.',
      volume_zone: 'The volume availability zone to use for this load balancer.',
    };
  }

  override validate_availability_zone(availability_zone_metadata: Metadata): void {
    this.#remember('availability_zone', 'validate_availability_zone', availability_zone_metadata);
  }
}
