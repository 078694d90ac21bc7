/** What the controller needs of a compute service. Implementations: `local`, `noop` (later `nova`), same file names. */
import type { ComputeTraits, DriverModule } from '../driver.ts';
import type { Port } from '../network/interface.ts';

export interface BuildRequest {
  amphoraId: string;
  /** Deterministic: `amphora-<amphora id>`; building twice adopts the first instance. */
  name: string;
  /** Files to place in the instance before its first boot, absolute path → content. */
  files: Record<string, string>;
  /** Members of a group are kept apart from each other. */
  serverGroupId?: string;
}

export type AntiAffinity = 'anti-affinity' | 'soft-anti-affinity';

export interface ComputeInstance {
  id: string;
  name: string;
  status: 'BUILD' | 'ACTIVE' | 'STOPPED' | 'ERROR';
  /** Address on the management network; null until known. */
  lbNetworkIp: string | null;
  /** Why status is ERROR. */
  fault: string | null;
}

export interface ComputeDriver {
  readonly name: string;
  /** Instances run on this very host: they boot with its processors, and it takes root to touch them. */
  readonly bootsHere?: true;
  /** Returns at once or when booted, as the cloud does; poll `get` until ACTIVE. Idempotent by name. */
  build(request: BuildRequest): Promise<ComputeInstance>;
  get(id: string): Promise<ComputeInstance | null>;
  /** Removes the instance and everything it holds on the host. Idempotent. */
  delete(id: string): Promise<void>;
  /** Plugs a port as a network interface (found by MAC inside). Idempotent. */
  attachPort(id: string, port: Port): Promise<void>;
  detachPort(id: string, portId: string): Promise<void>;
  list(): Promise<ComputeInstance[]>;
  /** Makes a group whose instances run on different hosts. Idempotent by name. Left out: there is one host only. */
  createServerGroup?(name: string, policy: AntiAffinity): Promise<string>;
  /** Idempotent. */
  deleteServerGroup?(id: string): Promise<void>;
  /**
   * Why instances cannot balance UDP and SCTP in their kernel, and what an operator does about it; null: nothing speaks
   * against it. Quick: requests wait for it. Left out: instances have a kernel of their own, and only they know.
   */
  ipvsMissing?(): string | null;
  /** Boots again what should run but does not (host rebooted, `down`); called when the control plane starts. */
  recover(): Promise<void>;
}

export interface ComputeModule extends DriverModule<ComputeDriver>, ComputeTraits {
  /**
   * The drivers of images and volumes that its instances are made of, whatever the configuration names. Left out: those of
   * `[controller_worker] image_driver` and `volume_driver`.
   */
  readonly brings?: { readonly image: string; readonly volume: string };
}
