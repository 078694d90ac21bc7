import { randomUUID } from 'node:crypto';
import { DriverError, NotImplementedError } from '@octavia/provider-lib';
import type { ComputeDriver } from '../../clouds/compute/interface.ts';
import type { NetworkDriver } from '../../clouds/network/interface.ts';
import { OctaviaError } from '../../errors.ts';
import { submitAmphoraChange } from '../../flows/failover-requests.ts';
import type { OperationQueue } from '../../flows/operation-queue.ts';
import { FLOW_VERSION, hasFlow } from '../../flows/registry.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import type { Acceptance, AmphoraActions, Candidate, Capability, Change, Provider } from '../interface.ts';
import { AVAILABILITY_ZONE_KEYS, capabilities, FLAVOR_KEYS, validateKeys, zoneNetworks } from './metadata.ts';

export interface AmphoraProviderOptions {
  name: string;
  description: string;
  queue: OperationQueue;
  network: Pick<NetworkDriver, 'getNetwork'>;
  /** Knows what flavors and zones name; left out: whatever they name exists. */
  compute?: Pick<ComputeDriver, 'flavorExists' | 'zoneExists'>;
  /** What the provider and its data plane cannot do. @throws OctaviaError */
  check(candidate: Candidate): void;
}

/** The built-in provider: a change is an operation, carried out by a worker with amphorae. */
export class AmphoraProvider implements Provider {
  readonly name: string;
  readonly description: string;
  readonly #options: AmphoraProviderOptions;

  constructor(options: AmphoraProviderOptions) {
    this.name = options.name;
    this.description = options.description;
    this.#options = options;
  }

  check(candidate: Candidate): void {
    this.#options.check(candidate);
  }

  accept(change: Change): Acceptance {
    // Accepted only what a worker can carry out.
    if (!hasFlow(change.kind)) throw new NotImplementedError();
    const operation = { id: randomUUID(), flowVersion: FLOW_VERSION, ...change, input: change.input ?? {} };
    return { operation: this.#options.queue.place(operation) };
  }

  /** Only a filter on the VIP port keeps clients to the ports of listeners. */
  async checkVipNetwork(networkId: string): Promise<void> {
    const network = await this.#options.network.getNetwork(networkId);
    if (network?.portSecurityEnabled !== false) return;
    throw new DriverError({ user_fault_string: 'Port security must be enabled on the VIP network.' });
  }

  readonly amphorae: AmphoraActions = {
    configure: (tx, amphora) => submitAmphoraChange(tx, this.#options.queue, 'update_amphora_configuration', amphora),
    failover: async (tx, amphora) => {
      // Its end was promised to somebody already.
      if (amphora.status === 'PENDING_DELETE') throw new OctaviaError('IMMUTABLE', { kind: 'amphora', id: amphora.id });
      await amphorae.markHealthBusy(tx, amphora.id);
      await submitAmphoraChange(tx, this.#options.queue, 'failover_amphora', amphora);
    },
    delete: (tx, amphora) => submitAmphoraChange(tx, this.#options.queue, 'delete_amphora', amphora),
  };

  async flavorCapabilities(): Promise<Capability[]> {
    return capabilities(FLAVOR_KEYS);
  }

  async availabilityZoneCapabilities(): Promise<Capability[]> {
    return capabilities(AVAILABILITY_ZONE_KEYS);
  }

  async validateFlavor(data: Readonly<Record<string, unknown>>): Promise<void> {
    validateKeys(data, FLAVOR_KEYS);
    const { compute } = this.#options;
    const id = data.compute_flavor;
    if (typeof id !== 'string' || !compute?.flavorExists || (await compute.flavorExists(id))) return;
    throw new OctaviaError('COMPUTE_OBJECT_NOT_FOUND', { kind: 'Nova flavor', id });
  }

  async validateAvailabilityZone(data: Readonly<Record<string, unknown>>): Promise<void> {
    validateKeys(data, AVAILABILITY_ZONE_KEYS);
    const { compute } = this.#options;
    const id = data.compute_zone;
    if (typeof id === 'string' && compute?.zoneExists && !(await compute.zoneExists(id))) {
      throw new OctaviaError('COMPUTE_OBJECT_NOT_FOUND', { kind: 'Nova availability zone', id });
    }
    for (const id of zoneNetworks(data)) {
      if (!(await this.#options.network.getNetwork(id))) {
        throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Network', id });
      }
    }
  }
}
