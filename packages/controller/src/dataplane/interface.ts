/** What flows say to the amphorae of a load balancer. Implementations: `amphora/` (agent client), `noop/`. */

import type { Port, Subnet } from '../clouds/network/interface.ts';
import type { Amphora, LoadBalancerTree } from '../domain/resources.ts';

export interface ApplyOutcome {
  /** `reload`: HAProxy was reloaded; `start`: first start; `none`: same configuration as before; `stop`: nothing to serve. */
  method: 'reload' | 'start' | 'none' | 'stop';
}

export interface PluggedPort {
  port: Port;
  subnet: Subnet;
  mtu: number;
}

export interface DataplaneDriver {
  readonly name: string;
  /** Waits for the agent to answer. @throws OctaviaError AMPHORA_UNREACHABLE after the configured attempts */
  waitUntilReachable(amphora: Amphora): Promise<void>;
  /** Puts the VIP on the interface that holds the port's MAC, inside the traffic namespace. Idempotent. Returns the interface name. */
  plugVip(amphora: Amphora, plugged: PluggedPort): Promise<string>;
  /** Puts a member network's port into the traffic namespace. Idempotent. */
  plugNetwork(amphora: Amphora, plugged: PluggedPort): Promise<void>;
  /** Renders the tree for this amphora and makes it the running configuration. Idempotent. */
  apply(amphora: Amphora, tree: LoadBalancerTree): Promise<ApplyOutcome>;
}
