/** What the drivers of OpenStack's services promise, kept by the services of a cloud: the cases that run against the fakes, too. */
import { afterAll, describe } from 'vitest';
import { cinderCases } from '../../../packages/controller/test/clouds/openstack/cinder-cases.ts';
import { glanceCases } from '../../../packages/controller/test/clouds/openstack/glance-cases.ts';
import { openCloud } from './cloud.ts';

const cloud = openCloud();
afterAll(() => cloud.close());
const bed = () => cloud;

describe('image_glance_driver', () => glanceCases(bed));
// Clouds without block storage are common.
if (await cloud.has({ title: 'Cinder', type: 'block-storage', section: 'cinder' })) {
  describe('volume_cinder_driver', () => cinderCases(bed));
} else {
  process.stdout.write('volume_cinder_driver is not tried: the cloud has no Cinder\n');
}
