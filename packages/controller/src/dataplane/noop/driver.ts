import { setTimeout as sleep } from 'node:timers/promises';
import type { Subnet } from '../../clouds/network/interface.ts';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import type {
  ApplyOutcome,
  DataplaneDriver,
  PluggedNetwork,
  PluggedPort,
  PluggedVip,
  VrrpGroup,
} from '../interface.ts';

export type NoopCall =
  | {
      call: 'waitUntilReachable' | 'probe' | 'details' | 'yieldVip' | 'uploadCertificate' | 'knowsSessions';
      amphoraId: string;
    }
  | { call: 'updateAgentConfiguration'; amphoraId: string; text: string }
  | { call: 'plugVip' | 'plugNetwork'; amphoraId: string; portId: string; memberSubnets: string[] }
  | { call: 'apply'; amphoraId: string; tree: LoadBalancerTree }
  | { call: 'applyVrrp'; amphoraId: string; tree: LoadBalancerTree; group: VrrpGroup };

export interface NoopDataplaneOptions {
  /** Milliseconds that every call takes. */
  latency?: number;
  /** Calls kept for inspection; the oldest go first. */
  keep?: number;
}

const pluggedPort = ({ port }: PluggedPort, subnets: readonly Subnet[]) => ({
  portId: port.id,
  memberSubnets: subnets.map(({ id }) => id),
});

/** Succeeds without an amphora, and remembers what it was asked. */
export class NoopDataplaneDriver implements DataplaneDriver {
  readonly name = 'amphora_noop_driver';
  readonly calls: NoopCall[] = [];
  readonly #latency: number;
  readonly #keep: number;
  readonly #served = new Set<string>();

  constructor({ latency = 0, keep = 1000 }: NoopDataplaneOptions = {}) {
    this.#latency = latency;
    this.#keep = keep;
  }

  async waitUntilReachable(amphora: Amphora): Promise<void> {
    await this.#record({ call: 'waitUntilReachable', amphoraId: amphora.id });
  }

  async probe(amphora: Amphora): Promise<boolean> {
    await this.#record({ call: 'probe', amphoraId: amphora.id });
    return true;
  }

  async plugVip(amphora: Amphora, plugged: PluggedVip): Promise<string> {
    await this.#record({ call: 'plugVip', amphoraId: amphora.id, ...pluggedPort(plugged, plugged.memberSubnets) });
    return 'eth1';
  }

  async plugNetwork(amphora: Amphora, plugged: PluggedNetwork): Promise<void> {
    await this.#record({ call: 'plugNetwork', amphoraId: amphora.id, ...pluggedPort(plugged, plugged.subnets) });
  }

  async apply(amphora: Amphora, tree: LoadBalancerTree): Promise<ApplyOutcome> {
    await this.#record({ call: 'apply', amphoraId: amphora.id, tree });
    if (this.#served.has(amphora.id)) return { method: 'reload' };
    this.#served.add(amphora.id);
    return { method: 'start' };
  }

  async knowsSessions(amphora: Amphora): Promise<boolean> {
    await this.#record({ call: 'knowsSessions', amphoraId: amphora.id });
    return true;
  }

  async applyVrrp(amphora: Amphora, tree: LoadBalancerTree, group: VrrpGroup): Promise<void> {
    await this.#record({ call: 'applyVrrp', amphoraId: amphora.id, tree, group });
  }

  async yieldVip(amphora: Amphora): Promise<void> {
    await this.#record({ call: 'yieldVip', amphoraId: amphora.id });
  }

  async uploadCertificate(amphora: Amphora): Promise<void> {
    await this.#record({ call: 'uploadCertificate', amphoraId: amphora.id });
  }

  async updateAgentConfiguration(amphora: Amphora, text: string): Promise<'applied'> {
    await this.#record({ call: 'updateAgentConfiguration', amphoraId: amphora.id, text });
    return 'applied';
  }

  async details(amphora: Amphora): Promise<unknown> {
    await this.#record({ call: 'details', amphoraId: amphora.id });
    return { uuid: amphora.id };
  }

  async #record(call: NoopCall): Promise<void> {
    this.calls.push(call);
    if (this.calls.length > this.#keep) this.calls.shift();
    if (this.#latency > 0) await sleep(this.#latency);
  }
}
