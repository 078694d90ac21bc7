/**
 * A compute service without computers: whatever is built is ACTIVE, after an optional delay. It keeps no state that other
 * processes or a restart would miss: an id it does not know is an instance built elsewhere.
 */
import { createHash } from 'node:crypto';
import type { Port } from '../../network/interface.ts';
import type { BuildRequest, ComputeDriver, ComputeInstance } from '../interface.ts';

export interface NoopComputeOptions {
  /** Milliseconds from `build` until `get` answers ACTIVE. Default 0. */
  buildLatencyMs?: number;
  now?: () => number;
}

/** 10.253.0.0/16 is the management network of the noop network service. */
function addressOf(id: string): string {
  const [third = 0, fourth = 0] = createHash('sha256').update(id).digest();
  return `10.253.${third}.${Math.min(Math.max(fourth, 2), 254)}`;
}

/** The files of an instance are not kept: they hold keys. */
type Built = Pick<BuildRequest, 'name' | 'imageId' | 'flavor' | 'zone'> & { at: number };

export class NoopComputeDriver implements ComputeDriver {
  readonly name = 'compute_noop_driver';
  readonly #latencyMs: number;
  readonly #now: () => number;
  /** Instances built by this process: what of, and when. */
  readonly #built = new Map<string, Built>();
  readonly #deleted = new Set<string>();

  constructor(options: NoopComputeOptions = {}) {
    this.#latencyMs = options.buildLatencyMs ?? 0;
    this.#now = options.now ?? Date.now;
  }

  async build(request: BuildRequest): Promise<ComputeInstance> {
    const { amphoraId: id, name, imageId, flavor, zone } = request;
    this.#deleted.delete(id);
    if (!this.#built.has(id)) this.#built.set(id, { name, imageId, flavor, zone, at: this.#now() });
    return this.#describe(id);
  }

  async get(id: string): Promise<ComputeInstance | null> {
    return this.#deleted.has(id) ? null : this.#describe(id);
  }

  /** The id of an instance is its amphora's. */
  async find(amphoraId: string): Promise<ComputeInstance | null> {
    return this.#built.has(amphoraId) ? this.#describe(amphoraId) : null;
  }

  async delete(id: string): Promise<void> {
    this.#built.delete(id);
    this.#deleted.add(id);
  }

  async attachPort(_id: string, _port: Port): Promise<void> {}

  async detachPort(_id: string, _portId: string): Promise<void> {}

  /** Only the instances this process built. */
  async list(): Promise<ComputeInstance[]> {
    return [...this.#built.keys()].map((id) => this.#describe(id));
  }

  /** The name is the id. */
  async createServerGroup(name: string): Promise<string> {
    return name;
  }

  async deleteServerGroup(): Promise<void> {}

  async recover(): Promise<void> {}

  #describe(id: string): ComputeInstance {
    const built = this.#built.get(id);
    const { name = `amphora-${id}`, imageId = null, flavor = null, zone = null } = built ?? {};
    const active = built === undefined || this.#now() - built.at >= this.#latencyMs;
    return {
      id,
      name,
      status: active ? 'ACTIVE' : 'BUILD',
      lbNetworkIp: active ? addressOf(id) : null,
      imageId,
      flavor,
      zone,
      fault: null,
    };
  }
}
