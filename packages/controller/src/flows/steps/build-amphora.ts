/** Steps that bring one amphora into being, in order. Undone in reverse they leave nothing on the cloud. */
import type { BuildRequest, ComputeInstance } from '../../clouds/compute/interface.ts';
import type { ImageRequest } from '../../clouds/image/interface.ts';
import { parseMetadata } from '../../domain/catalog.ts';
import { deterministicUuid } from '../../domain/deterministic-uuid.ts';
import type { Operation } from '../../domain/operations.ts';
import type { Amphora } from '../../domain/resources.ts';
import type { AmphoraRole } from '../../domain/statuses.ts';
import { isOctaviaError, OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import * as profiles from '../../store/resources/profiles.ts';
import * as serverGroups from '../../store/resources/server-groups.ts';
import type { Step, StepContext } from '../flow.ts';
import { atTheCloud } from './at-the-cloud.ts';
import { amphoraOf, loadBalancerOf } from './load-tree.ts';
import { removeFromCloud } from './remove-amphora.ts';

/** What an amphora is built from and where. */
interface Placement {
  image: ImageRequest;
  /** null: nobody says */
  flavor: string | null;
  /** Of the instance; null: where the driver is configured to build. */
  zone: string | null;
  /** Of its volume; null: likewise. */
  volumeZone: string | null;
  /** To boot on, management first. */
  networks: readonly string[];
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The flavor and the availability zone of the load balancer win over the configuration. */
async function placementOf({ store, operation, options }: StepContext): Promise<Placement> {
  const chosen = await profiles.chosenBy(store.db, operation.loadBalancerId);
  const flavor = parseMetadata(chosen.flavorData ?? '{}') ?? {};
  const zone = parseMetadata(chosen.availabilityZoneData ?? '{}') ?? {};
  const { build } = options;
  const management = text(zone.management_network);
  return {
    image: { tag: text(flavor.amp_image_tag) ?? build.imageTag, ownerId: build.imageOwnerId },
    flavor: text(flavor.compute_flavor) ?? build.flavor,
    zone: text(zone.compute_zone),
    volumeZone: text(zone.volume_zone),
    networks: management === null ? build.networks : [management],
  };
}

export const amphoraIdOf = (operation: Operation, index: number): string =>
  deterministicUuid(operation.id, 'amphora', String(index));

export interface BuildPlan {
  id: string;
  /** What it will be, or how that is found out. */
  role: AmphoraRole | ((context: StepContext) => Promise<AmphoraRole>);
  purpose: 'create' | 'failover';
}

/** The order in which builds get their places: replacements first. */
const PRIORITY = { failover: 20, create: 40 } as const;
const VRRP_PRIORITY = { STANDALONE: null, MASTER: 100, BACKUP: 90 } as const;

/** Name under which the compute service knows the amphora's instance. */
const instanceName = (amphoraId: string): string => `amphora-${amphoraId}`;

/** An instance whose agent answers; it serves nothing yet. */
export function bootAmphora(plan: BuildPlan): Step[] {
  const { id } = plan;
  return [recordAmphora(plan), bootInstance(plan), waitForInstance(id), waitForAgent(id)];
}

/** Once a replacement is in service, a failure of what comes after does not take it away again. */
const stays = async ({ store }: StepContext, { id, purpose }: BuildPlan): Promise<boolean> =>
  purpose === 'failover' && (await amphorae.get(store.db, id))?.status === 'ALLOCATED';

function recordAmphora(plan: BuildPlan): Step {
  const { id } = plan;
  return {
    name: `record amphora ${id}`,
    async run(context) {
      const { store, operation, now } = context;
      const loadBalancer = await loadBalancerOf(context);
      const role = typeof plan.role === 'string' ? plan.role : await plan.role(context);
      await store.transaction((tx) =>
        amphorae.ensure(tx, {
          id,
          loadBalancerId: operation.loadBalancerId,
          computeId: null,
          lbNetworkIp: null,
          vrrpIp: null,
          haIp: loadBalancer.vip.address,
          vrrpPortId: null,
          haPortId: loadBalancer.vip.portId,
          vrrpInterface: null,
          vrrpId: 1,
          vrrpPriority: VRRP_PRIORITY[role],
          role,
          status: 'BOOTING',
          certExpiration: null,
          certBusy: false,
          cachedZone: null,
          imageId: null,
          computeFlavor: null,
          createdAt: now(),
          updatedAt: null,
        }),
      );
      return role;
    },
    async undo(context) {
      if (!(await stays(context, plan))) await amphorae.markDeleted(context.store.db, id);
    },
  };
}

/** Where there are no volumes this takes no time; copying an image takes minutes, for which nobody keeps a place. */
const VOLUME_MS = 100;

function bootInstance(plan: BuildPlan): Step {
  const { id } = plan;
  return {
    name: `boot amphora ${id}`,
    async run(context) {
      const { store, compute, images, volumes, certificates, operation, places, buildQueue, options } = context;
      const amphora = await amphoraOf(context, id);
      const slot = { amphoraId: id, projectId: operation.projectId, priority: PRIORITY[plan.purpose] };
      await places.away(() => buildQueue.acquire(slot));
      // The private key lives in the instance's files alone: neither the database nor the flow's memory holds it.
      const issued = await certificates.issueServerCertificate(id);
      const serverGroupId = await serverGroups.get(store.db, operation.loadBalancerId);
      const { image, flavor, zone, networks, volumeZone } = await placementOf(context);
      const name = instanceName(id);
      const imageId = await images.find(image);
      const volume = { name, imageId, zone: volumeZone };
      const volumeId = await places.away(() => volumes.createFromImage(volume), VOLUME_MS);
      const request: BuildRequest = {
        amphoraId: id,
        name,
        imageId,
        volumeId,
        flavor,
        zone,
        networks,
        files: {
          '/etc/octavia/amphora-agent.conf': context.agentConfiguration(amphora),
          '/etc/octavia/certs/server.pem': `${issued.certificate.trimEnd()}\n${issued.privateKey}`,
          '/etc/octavia/certs/client_ca.pem': await certificates.clientCa(),
          ...(context.logForwarding ? { '/etc/rsyslog.d/10-rsyslog.conf': context.logForwarding } : {}),
        },
        userData: { timezone: options.build.timezone },
        ...(serverGroupId === null ? {} : { serverGroupId }),
      };
      const instance = await atTheCloud(context, () => compute.build(request));
      await amphorae.update(store.db, id, {
        computeId: instance.id,
        certExpiration: issued.expiresAt,
        ...builtFrom(instance),
        // An instance that boots from a volume has no image of its own.
        ...(volumeId === null ? {} : { imageId: await volumes.imageOf(volumeId) }),
      });
      return undefined;
    },
    async undo(context) {
      if (await stays(context, plan)) return;
      const amphora = await amphorae.get(context.store.db, id);
      await removeFromCloud(context, { id, computeId: amphora?.computeId ?? null });
      await context.buildQueue.release(id);
    },
  };
}

function waitForInstance(id: string): Step {
  return {
    name: `wait for instance of ${id}`,
    async run(context) {
      const { store, places, buildQueue, options } = context;
      const { computeId } = await amphoraOf(context, id);
      const { networks } = await placementOf(context);
      const wanted = { name: instanceName(id), computeId, networks };
      const instance = await places.away(() => onceActive(context, wanted));
      await amphorae.update(store.db, id, { lbNetworkIp: instance.lbNetworkIp, ...builtFrom(instance) });
      if (options.buildSlots.limit >= 0) await buildQueue.release(id);
      return undefined;
    },
  };
}

/** What the compute service tells by now; the rest stays as it was told before. */
function builtFrom({ imageId, flavor, zone }: ComputeInstance): Partial<Amphora> {
  return {
    ...(imageId === null ? {} : { imageId }),
    ...(flavor === null ? {} : { computeFlavor: flavor }),
    ...(zone === null ? {} : { cachedZone: zone }),
  };
}

interface Awaited {
  name: string;
  computeId: string | null;
  networks: readonly string[];
}

/** The instance with an address in the management network. @throws OctaviaError COMPUTE_BUILD_FAILED, OPENSTACK_UNAVAILABLE */
async function onceActive(context: StepContext, { name, computeId, networks }: Awaited): Promise<ComputeInstance> {
  const { computeWait, sleep } = context;
  const deadline = Date.now() + computeWait.timeoutMs;
  const failed = (detail: string) => new OctaviaError('COMPUTE_BUILD_FAILED', { name, detail });
  for (let looks = 0; ; looks += 1) {
    const pause = pauseBefore(context, looks);
    if (pause > 0) await sleep(pause);
    const looked = computeId === null ? null : await look(context, computeId, networks);
    if (looked === null) throw failed('the instance is gone');
    if (!(looked instanceof Error)) {
      if (looked.status === 'ERROR') throw failed(looked.fault ?? 'no cause given');
      if (looked.status === 'ACTIVE' && looked.lbNetworkIp) return looked;
    }
    if (Date.now() <= deadline) continue;
    throw looked instanceof Error ? looked : failed(`not ACTIVE after ${Math.round(computeWait.timeoutMs / 1000)} s`);
  }
}

/** A service that cannot answer for a while loses nothing: the machine boots on. */
async function look(
  { compute }: StepContext,
  id: string,
  networks: readonly string[],
): Promise<ComputeInstance | OctaviaError | null> {
  try {
    return await compute.get(id, networks);
  } catch (error) {
    if (isOctaviaError(error, 'OPENSTACK_UNAVAILABLE')) return error;
    throw error;
  }
}

/** Milliseconds before the next look. What may be there at once is looked at at once. */
function pauseBefore({ compute, computeWait }: StepContext, looks: number): number {
  const { looksAfterMs } = compute;
  const soon = looks === 0 ? 0 : 10 * 2 ** Math.min(looks - 1, 20);
  return Math.min(
    looksAfterMs === undefined ? soon : (looksAfterMs[looks] ?? looksAfterMs.at(-1) ?? 0),
    computeWait.intervalMs,
  );
}

/** A machine of this host boots at the cost of this host: for so long (ms) no other one takes its place. */
const LOCAL_BOOT_MS = 10_000;

function waitForAgent(id: string): Step {
  return {
    name: `wait for agent of ${id}`,
    async run(context) {
      const { compute, dataplane, places } = context;
      const amphora = await amphoraOf(context, id);
      await places.away(() => dataplane.waitUntilReachable(amphora), compute.bootsHere ? LOCAL_BOOT_MS : 0);
      return undefined;
    },
  };
}

/** A new amphora takes part in everything from now on, and is not taken away when a later step fails. */
export function takeIntoService(id: string): Step {
  return {
    name: `take ${id} into service`,
    async run({ store, now }) {
      await amphorae.update(store.db, id, { status: 'ALLOCATED', updatedAt: now() });
      return undefined;
    },
  };
}
