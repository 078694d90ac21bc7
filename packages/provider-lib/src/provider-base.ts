/** The interface of provider drivers. Source: provider driver guide; octavia-lib `octavia_lib.api.drivers.provider_base`. */
import type {
  AdditionalVip,
  HealthMonitor,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  Member,
  Metadata,
  Pool,
  VipDictionary,
} from './data-models.ts';
import { NotImplementedError } from './errors.ts';

/** A call may answer at once or later; what it throws or rejects with is an answer, too. */
export type Answer<T = void> = T | Promise<T>;

const lacks = (action: string): never => {
  throw new NotImplementedError({ user_fault_string: `This provider does not support ${action}.` });
};

/**
 * What a driver derives from. Override what is supported; all else is refused with 501. A create, update, delete or failover that
 * returns is accepted: every object that the API has locked for it (the object, its parents, the load balancer) is owed an end
 * state by `DriverLibrary.update_loadbalancer_status`. What the driver cannot do it refuses before it returns, by a
 * `DriverError`, `UnsupportedOptionError` or `NotImplementedError`; then nothing of the change remains.
 *
 * The API waits for a call at most as long as `[driver_agent]`'s deadline of drivers says; calls of different requests run at the
 * same time.
 */
export abstract class ProviderDriver {
  /** The name it was enabled under. Set by the API, for its own use. */
  name?: string;

  /**
   * Makes the VIP's port, or says that the API is to make it (`NotImplementedError`). Called before `loadbalancer_create`, also
   * where the user names a port.
   * @returns the VIP with `vip_port_id` and address, and the additional VIPs likewise
   * @throws Conflict where the address is taken
   */
  create_vip_port(
    _loadbalancer_id: string,
    _project_id: string,
    _vip_dictionary: VipDictionary,
    _additional_vip_dicts: AdditionalVip[],
  ): Answer<[VipDictionary, AdditionalVip[]]> {
    return lacks('creating VIP ports');
  }

  /** With `listeners` and `pools` the whole tree is created, and each of its objects owed an end state. */
  loadbalancer_create(_loadbalancer: LoadBalancer): Answer {
    lacks('creating load balancers');
  }

  /** @param _cascade all children go with it */
  loadbalancer_delete(_loadbalancer: LoadBalancer, _cascade = false): Answer {
    lacks('deleting load balancers');
  }

  loadbalancer_failover(_loadbalancer_id: string): Answer {
    lacks('failing over load balancers');
  }

  loadbalancer_update(_old_loadbalancer: LoadBalancer, _new_loadbalancer: LoadBalancer): Answer {
    lacks('updating load balancers');
  }

  /** With `default_pool` and `l7policies` these are created, too. */
  listener_create(_listener: Listener): Answer {
    lacks('creating listeners');
  }

  listener_delete(_listener: Listener): Answer {
    lacks('deleting listeners');
  }

  listener_update(_old_listener: Listener, _new_listener: Listener): Answer {
    lacks('updating listeners');
  }

  /** With `members` and `healthmonitor` these are created, too. */
  pool_create(_pool: Pool): Answer {
    lacks('creating pools');
  }

  /** Its members and its health monitor go with it. */
  pool_delete(_pool: Pool): Answer {
    lacks('deleting pools');
  }

  pool_update(_old_pool: Pool, _new_pool: Pool): Answer {
    lacks('updating pools');
  }

  member_create(_member: Member): Answer {
    lacks('creating members');
  }

  member_delete(_member: Member): Answer {
    lacks('deleting members');
  }

  member_update(_old_member: Member, _new_member: Member): Answer {
    lacks('updating members');
  }

  /** The members are all that the pool is to have, known by address and port: others go, unknown ones come. */
  member_batch_update(_pool_id: string, _members: Member[]): Answer {
    lacks('batch updates of members');
  }

  health_monitor_create(_healthmonitor: HealthMonitor): Answer {
    lacks('creating health monitors');
  }

  health_monitor_delete(_healthmonitor: HealthMonitor): Answer {
    lacks('deleting health monitors');
  }

  health_monitor_update(_old_healthmonitor: HealthMonitor, _new_healthmonitor: HealthMonitor): Answer {
    lacks('updating health monitors');
  }

  /** With `rules` these are created, too. */
  l7policy_create(_l7policy: L7Policy): Answer {
    lacks('creating L7 policies');
  }

  l7policy_delete(_l7policy: L7Policy): Answer {
    lacks('deleting L7 policies');
  }

  l7policy_update(_old_l7policy: L7Policy, _new_l7policy: L7Policy): Answer {
    lacks('updating L7 policies');
  }

  l7rule_create(_l7rule: L7Rule): Answer {
    lacks('creating L7 rules');
  }

  l7rule_delete(_l7rule: L7Rule): Answer {
    lacks('deleting L7 rules');
  }

  l7rule_update(_old_l7rule: L7Rule, _new_l7rule: L7Rule): Answer {
    lacks('updating L7 rules');
  }

  /** @returns what each key of a flavor means, in words */
  get_supported_flavor_metadata(): Answer<Record<string, string>> {
    return lacks('getting the supported flavor metadata');
  }

  /** Asked when a flavor profile is stored, and for every load balancer with the flavor. @throws UnsupportedOptionError, NotFound */
  validate_flavor(_flavor_metadata: Metadata): Answer {
    lacks('validating flavors');
  }

  get_supported_availability_zone_metadata(): Answer<Record<string, string>> {
    return lacks('getting the supported availability zone metadata');
  }

  /** @throws UnsupportedOptionError, NotFound */
  validate_availability_zone(_availability_zone_metadata: Metadata): Answer {
    lacks('validating availability zones');
  }
}
