/** What the controller needs of a compute service. Implementations: `local`, `noop`, `nova`, same file names. */
import type { ComputeTraits, DriverModule } from '../driver.ts';
import type { Port } from '../network/interface.ts';

/** What is set up inside an instance at its first boot, on clouds whose images know how (cloud-init). */
export interface UserData {
  /** As in zoneinfo: `[controller_worker] amp_timezone`. */
  timezone: string;
}

export interface BuildRequest {
  amphoraId: string;
  /** Deterministic: `amphora-<amphora id>`; building twice adopts the first instance. */
  name: string;
  imageId: string;
  /** Made from the image, to boot from; null: the instance boots from the image itself. */
  volumeId: string | null;
  /** `compute_flavor` of the flavor, else `[controller_worker] amp_flavor_id`; null: neither says. */
  flavor: string | null;
  /** `compute_zone` of the availability zone; null: where the driver is configured to build. */
  zone: string | null;
  /** Ids of the networks to boot on, management first; empty: the cloud knows its management network. */
  networks: readonly string[];
  /** Files to place in the instance before its first boot, absolute path → content. */
  files: Record<string, string>;
  userData: UserData;
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
  /** What it was built from, as the service tells it; null where it does not, or not yet. */
  imageId: string | null;
  flavor: string | null;
  /** Where it runs; null until known, or where there are no zones. */
  zone: string | null;
  /** Why status is ERROR. */
  fault: string | null;
}

export interface ServerGroup {
  id: string;
  name: string;
}

export interface ComputeDriver {
  readonly name: string;
  /** Instances run on this very host: they boot with its processors, and it takes root to touch them. */
  readonly bootsHere?: true;
  /**
   * Milliseconds before each look at an instance that is being built; the last one stays. Left out: it may be there at once, so
   * looks begin close to each other.
   */
  readonly looksAfterMs?: readonly number[];
  /** Returns at once or when booted, as the cloud does; poll `get` until ACTIVE. Idempotent by name. */
  build(request: BuildRequest): Promise<ComputeInstance>;
  /** @param networks it booted on, management first, where its address is asked for */
  get(id: string, networks?: readonly string[]): Promise<ComputeInstance | null>;
  /** The instance of an amphora, for who does not know its id. */
  find(amphoraId: string): Promise<ComputeInstance | null>;
  /** Removes the instance and everything it holds on the host. Idempotent. */
  delete(id: string): Promise<void>;
  /**
   * Plugs a port as a network interface (found by MAC inside). Idempotent.
   * @throws OctaviaError COMPUTE_ATTACH_FAILED, COMPUTE_NO_RESOURCES, NETWORK_OBJECT_NOT_FOUND, OPENSTACK_…
   */
  attachPort(id: string, port: Port): Promise<void>;
  /** Ends when the port is free. Idempotent. @throws OctaviaError COMPUTE_DETACH_FAILED, OPENSTACK_… */
  detachPort(id: string, portId: string): Promise<void>;
  /** All amphorae, each with the name `amphora-<amphora id>`. */
  list(): Promise<ComputeInstance[]>;
  /** Makes a group whose instances run on different hosts. Idempotent by name. Left out: there is one host only. */
  createServerGroup?(name: string, policy: AntiAffinity): Promise<string>;
  /** All groups whose name starts with the prefix. */
  serverGroups?(namePrefix: string): Promise<ServerGroup[]>;
  /** Idempotent. */
  deleteServerGroup?(id: string): Promise<void>;
  /** Whether instances can be built of the flavor. Left out: of any. */
  flavorExists?(id: string): Promise<boolean>;
  /** Whether instances can be built in the zone. Left out: in any. */
  zoneExists?(name: string): Promise<boolean>;
  /**
   * Why instances cannot balance UDP and SCTP in their kernel, and what an operator does about it; null: nothing speaks
   * against it. Quick: requests wait for it. Left out: instances have a kernel of their own, and only they know.
   */
  ipvsMissing?(): string | null;
  /** Boots again what should run but does not (host rebooted, `down`); called when the control plane starts. */
  recover(): Promise<void>;
}

export interface ComputeModule<Driver extends ComputeDriver = ComputeDriver>
  extends DriverModule<Driver>,
    ComputeTraits {
  /**
   * The drivers of images and volumes that its instances are made of, whatever the configuration names. Left out: those of
   * `[controller_worker] image_driver` and `volume_driver`.
   */
  readonly brings?: { readonly image: string; readonly volume: string };
}
