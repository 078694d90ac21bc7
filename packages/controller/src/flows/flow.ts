/**
 * A flow is data: an ordered list of named steps, each with what it does and how that is undone. The runner makes every
 * step durable; a step may therefore run again after a crash and has to find and adopt what it made before.
 */
import type { Log } from '@octavia/protocol/log';
import type { CertificateGenerator } from '../clouds/certificates/interface.ts';
import type { AntiAffinity, ComputeDriver } from '../clouds/compute/interface.ts';
import type { ImageDriver } from '../clouds/image/interface.ts';
import type { NetworkDriver } from '../clouds/network/interface.ts';
import type { NotificationDriver } from '../clouds/notifications/interface.ts';
import type { VolumeDriver } from '../clouds/volume/interface.ts';
import type { DataplaneDriver } from '../dataplane/interface.ts';
import type { Operation, OperationKind } from '../domain/operations.ts';
import type { Amphora } from '../domain/resources.ts';
import type { Store } from '../store/core/database.ts';
import type { BuildQueue } from './build-queue.ts';
import type { Places } from './places.ts';

interface Tries {
  attempts: number;
  /** Pause between two of them. */
  intervalMs: number;
}

/** What amphorae are built from where neither flavor nor availability zone says otherwise; names as in `[controller_worker]`. */
interface BuildDefaults {
  /** `amp_image_tag` */
  imageTag: string | null;
  /** `amp_image_owner_id` */
  imageOwnerId: string | null;
  /** `amp_flavor_id` */
  flavor: string | null;
  /** `amp_boot_network_list` */
  networks: readonly string[];
  /** `amp_timezone` */
  timezone: string;
}

export interface FlowOptions {
  build: BuildDefaults;
  /** Removing an amphora. */
  amphoraDelete: Tries;
  /** Asking an amphora that may be dead. */
  failover: Tries;
  /** Waiting for one of `limit` places to build an amphora; -1: as many as come. */
  buildSlots: Tries & { limit: number };
  /** How the amphorae of a load balancer are kept apart; null: they are not. */
  antiAffinity: AntiAffinity | null;
  /** Seconds between two VRRP advertisements. */
  advertInt: number;
  /** For debugging: failed operations leave what they made. */
  disableRevert: boolean;
}

export const DEFAULT_FLOW_OPTIONS: FlowOptions = {
  build: { imageTag: null, imageOwnerId: null, flavor: null, networks: [], timezone: 'UTC' },
  amphoraDelete: { attempts: 5, intervalMs: 5_000 },
  failover: { attempts: 2, intervalMs: 5_000 },
  buildSlots: { limit: -1, attempts: 120, intervalMs: 5_000 },
  antiAffinity: null,
  advertInt: 1,
  disableRevert: false,
};

/** The world a flow works on; everything outside is passed in. */
export interface FlowDependencies {
  store: Store;
  compute: ComputeDriver;
  images: ImageDriver;
  volumes: VolumeDriver;
  network: NetworkDriver;
  certificates: CertificateGenerator;
  dataplane: DataplaneDriver;
  /** The agent's configuration file for one amphora. */
  agentConfiguration(amphora: Amphora): string;
  /** Rules of the log daemon in an amphora; absent when no log goes to a receiver. */
  logForwarding?: string;
  /** Hears of load balancers that were created, changed and deleted; null: nobody wants to. */
  notifications: NotificationDriver | null;
  options: FlowOptions;
  /** Who may work now. */
  places: Places;
  /** Who may build amphorae now. */
  buildQueue: Pick<BuildQueue, 'acquire' | 'release'>;
  /** How often and how long (ms) to wait for a compute instance to become ACTIVE. */
  computeWait: { intervalMs: number; timeoutMs: number };
  sleep(ms: number): Promise<void>;
  now(): Date;
  log: Log;
}

export interface StepContext extends FlowDependencies {
  operation: Operation;
  /**
   * What is left of the time (ms) an operation may spend on talking to amphorae that should be there already; 0 when it is
   * used up. Building new ones has time limits of its own.
   */
  remainingMs(): number;
  /** Does what other services work at: however long they take, the amphorae have their time. */
  elsewhere<T>(work: () => Promise<T>): Promise<T>;
}

export interface Step {
  /** Shown as the operation's current step; unique within the flow. */
  name: string;
  /** May return a short text for the timeline (for instance which way a configuration was applied). */
  run(context: StepContext): Promise<string | undefined>;
  /** Takes back what `run` did or began; absent when there is nothing to take back. */
  undo?(context: StepContext): Promise<void>;
}

/**
 * Lanes that run beside each other, the steps of one lane in order. When one fails, the others end the step they are in
 * and begin no more. Lanes are undone beside each other, each last step first.
 */
export interface ParallelSteps {
  /** For diagrams. */
  name: string;
  parallel: Step[][];
}

export type FlowPart = Step | ParallelSteps;

export const isParallel = (part: FlowPart): part is ParallelSteps => 'parallel' in part;

export interface Flow {
  kind: OperationKind;
  version: number;
  /** One line for the generated documentation. */
  summary?: string;
  /** Pure: the same operation always gives the same steps, or a resumed flow would lose its place. */
  steps(operation: Operation): FlowPart[];
  /** What others hear when an operation has succeeded. */
  announces?: 'create' | 'update' | 'delete';
}
