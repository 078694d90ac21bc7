import type { DriverModule, HealthFinding } from '../../driver.ts';
import type { ImageDriver } from '../interface.ts';

const ANYBODYS =
  'Without [controller_worker] amp_image_owner_id anybody who can share an image with the service user can have amphorae built from it';

export const image: DriverModule<ImageDriver> = {
  async start({ config, log, openStack }) {
    const { GlanceImageDriver } = await import('./driver.ts');
    const { Glance } = await import('../../openstack/glance.ts');
    const driver = new GlanceImageDriver(new Glance(await openStack()), log);
    if (!config.controller_worker.amp_image_owner_id) log.warn({}, ANYBODYS);
    return driver;
  },
  async health(driver, { config }) {
    const { amp_image_tag: tag, amp_image_owner_id: owner } = config.controller_worker;
    const id = await driver.find({ tag: tag || null, ownerId: owner || null });
    const found: HealthFinding = { result: 'success', details: `Amphorae are built from image ${id}` };
    return owner ? [found] : [found, { result: 'warning', details: `${ANYBODYS}.` }];
  },
};
