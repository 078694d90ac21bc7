/** `tempest.conf` for API tests against a cloud in which nothing is built. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEYSTONE, PASSWORD } from '../keystone/servers.ts';

/** As `[api_settings] enabled_provider_drivers` has them: a test compares name by name. */
export const PROVIDERS = {
  amphora: 'The Octavia Amphora driver.',
  octavia: 'Deprecated alias of the Octavia Amphora driver.',
  noop_driver: 'The no-op driver.',
  'noop_driver-alt': 'The alternate no-op driver.',
} as const;

/** One of the keys that each provider takes in flavors and in zones, in its words; those of amphorae are what tempest expects unasked. */
const CAPABILITIES: Partial<Record<keyof typeof PROVIDERS, Record<string, string>>> = {
  noop_driver: {
    expected_flavor_capability: 'amp_image_tag:The glance image tag to use for this load balancer.',
    expected_availability_zone_capability: 'compute_zone:The compute availability zone to use for this load balancer.',
  },
};

/** Seconds between looks whether a change is carried out. Changes take a fraction of it. */
const INTERVAL = 0.1;

const sections = (provider: keyof typeof PROVIDERS, folder: string) => ({
  DEFAULT: { debug: 'False', log_file: join(folder, 'tempest.log') },
  oslo_concurrency: { lock_path: join(folder, 'lock') },
  auth: {
    use_dynamic_credentials: 'True',
    create_isolated_networks: 'False',
    admin_username: 'admin',
    admin_password: PASSWORD,
    admin_project_name: 'admin',
    admin_domain_name: 'Default',
    default_credentials_domain_name: 'Default',
  },
  identity: { auth_version: 'v3', uri_v3: KEYSTONE, region: 'RegionOne', v3_endpoint_type: 'public' },
  'identity-feature-enabled': { api_v3: 'True' },
  network: { project_networks_reachable: 'True' },
  service_available: {
    ...Object.fromEntries(['cinder', 'neutron', 'glance', 'swift', 'nova', 'horizon'].map((name) => [name, 'False'])),
    load_balancer: 'True',
  },
  load_balancer: {
    region: 'RegionOne',
    test_with_noop: 'True',
    test_with_ipv6: 'True',
    provider,
    enabled_provider_drivers: Object.entries(PROVIDERS)
      .map(([name, description]) => `${name}:${description}`)
      .join(','),
    check_interval: INTERVAL,
    lb_build_interval: INTERVAL,
    build_interval: INTERVAL,
    check_timeout: 180,
    lb_build_timeout: 180,
    RBAC_test_type: 'advanced',
    ...CAPABILITIES[provider],
    availability_zone: 'nova',
    availability_zone2: 'nova2',
    availability_zone3: 'nova3',
  },
});

/** @returns what tells the tests where it is */
export function configureTempest(provider: keyof typeof PROVIDERS, folder: string): Record<string, string> {
  mkdirSync(join(folder, 'lock'), { recursive: true });
  const lines = Object.entries(sections(provider, folder)).flatMap(([section, options]) => [
    `[${section}]`,
    ...Object.entries(options).map(([name, value]) => `${name} = ${value}`),
  ]);
  writeFileSync(join(folder, 'tempest.conf'), `${lines.join('\n')}\n`);
  return { TEMPEST_CONFIG_DIR: folder, TEMPEST_CONFIG: 'tempest.conf', OS_TEST_TIMEOUT: '600' };
}
