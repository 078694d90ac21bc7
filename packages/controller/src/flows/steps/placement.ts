import type { ImageRequest } from '../../clouds/image/interface.ts';
import { parseMetadata } from '../../domain/catalog.ts';
import * as profiles from '../../store/resources/profiles.ts';
import type { StepContext } from '../flow.ts';

/** What an amphora is built from and where. */
export interface Placement {
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
export async function placementOf({ store, operation, options }: StepContext): Promise<Placement> {
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
