/** What the drivers of OpenStack's services promise, kept by the services of a cloud: the cases that run against the fakes, too. */
import { afterAll, describe } from 'vitest';
import { barbicanCases } from '../../../packages/controller/test/clouds/openstack/barbican-cases.ts';
import { cinderCases } from '../../../packages/controller/test/clouds/openstack/cinder-cases.ts';
import { glanceCases } from '../../../packages/controller/test/clouds/openstack/glance-cases.ts';
import { neutronCases } from '../../../packages/controller/test/clouds/openstack/neutron-cases.ts';
import { novaCases } from '../../../packages/controller/test/clouds/openstack/nova-cases.ts';
import { openCloud, openTenant } from './cloud.ts';
import { serverBed } from './server-bed.ts';

const cloud = openCloud();
afterAll(() => cloud.close());
const bed = () => cloud;

describe('image_glance_driver', () => glanceCases(bed));
describe('allowed_address_pairs_driver', () => neutronCases(bed));
// Clouds without block storage are common.
if (await cloud.has({ title: 'Cinder', type: 'block-storage', section: 'cinder' })) {
  describe('volume_cinder_driver', () => cinderCases(bed));
} else {
  process.stdout.write('volume_cinder_driver is not tried: the cloud has no Cinder\n');
}
if (await cloud.has({ title: 'Nova', type: 'compute', section: 'nova' })) {
  const servers = await serverBed(cloud);
  describe('compute_nova_driver', () => novaCases(() => servers));
} else {
  process.stdout.write('compute_nova_driver is not tried: the cloud has no Nova\n');
}
// A tenant of its own has the secrets; a service user may not read them by itself.
const tenant = openTenant();
if (tenant !== null && (await cloud.has({ title: 'Barbican', type: 'key-manager', section: 'certificates' }))) {
  afterAll(() => tenant.close());
  describe('barbican_cert_manager', () => barbicanCases(() => ({ session: cloud.session, tenant })));
} else {
  process.stdout.write(
    'barbican_cert_manager is not tried: the cloud has no Barbican, or OS_TENANT_USERNAME, OS_TENANT_PASSWORD and OS_TENANT_PROJECT_NAME name no tenant\n',
  );
}
