/**
 * Every driver there is, by what it is for and by its name in `octavia.conf`. A new one is a folder with a `module.ts` and a line
 * here. Modules are loaded when they are asked for, and load their drivers when these start.
 */
import type { CertificateGenerator } from '../../clouds/certificates/interface.ts';
import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import type { ComputeModule } from '../../clouds/compute/interface.ts';
import type { DriverModule, OptionName } from '../../clouds/driver.ts';
import type { IdentityDriver } from '../../clouds/identity/interface.ts';
import type { ImageDriver } from '../../clouds/image/interface.ts';
import type { NetworkDriver } from '../../clouds/network/interface.ts';
import type { NotificationModule } from '../../clouds/notifications/interface.ts';
import type { VolumeDriver } from '../../clouds/volume/interface.ts';
import type { DataplaneModule } from '../../dataplane/interface.ts';
import type { StatisticsModule } from '../../health/statistics/interface.ts';

/** Something that drivers are for. */
export interface Need<Module> {
  /** What people call it. */
  title: string;
  /** Names the driver, or the drivers where there can be several. */
  option: OptionName;
  modules: Readonly<Record<string, () => Promise<Module>>>;
}

const need = <Module>(
  title: string,
  option: OptionName,
  modules: Readonly<Record<string, () => Promise<Module>>>,
): Need<Module> => ({ title, option, modules });

const certificatesBarbican = () => import('../../clouds/certificates/barbican/module.ts');
const certificatesLocal = () => import('../../clouds/certificates/local/module.ts');
const certificatesNoop = () => import('../../clouds/certificates/noop/module.ts');
const notificationsBus = async () => (await import('../../clouds/notifications/messaging/module.ts')).notifications;
const notificationsNoop = () => import('../../clouds/notifications/noop/module.ts');

export const DRIVERS = {
  compute: need<ComputeModule>('Compute driver', '[controller_worker] compute_driver', {
    compute_local_driver: async () => (await import('../../clouds/compute/local/module.ts')).compute,
    compute_nova_driver: async () => (await import('../../clouds/compute/nova/module.ts')).compute,
    compute_noop_driver: async () => (await import('../../clouds/compute/noop/module.ts')).compute,
  }),
  network: need<DriverModule<NetworkDriver>>('Network driver', '[controller_worker] network_driver', {
    allowed_address_pairs_driver: async () => (await import('../../clouds/network/neutron/module.ts')).network,
    network_local_driver: async () => (await import('../../clouds/network/local/module.ts')).network,
    network_noop_driver: async () => (await import('../../clouds/network/noop/module.ts')).network,
  }),
  image: need<DriverModule<ImageDriver>>('Image driver', '[controller_worker] image_driver', {
    image_glance_driver: async () => (await import('../../clouds/image/glance/module.ts')).image,
    image_local_driver: async () => (await import('../../clouds/image/local/module.ts')).image,
    image_noop_driver: async () => (await import('../../clouds/image/noop/module.ts')).image,
  }),
  volume: need<DriverModule<VolumeDriver>>('Volume driver', '[controller_worker] volume_driver', {
    volume_cinder_driver: async () => (await import('../../clouds/volume/cinder/module.ts')).volume,
    volume_local_driver: async () => (await import('../../clouds/volume/local/module.ts')).volume,
    volume_noop_driver: async () => (await import('../../clouds/volume/noop/module.ts')).volume,
  }),
  certificateGenerator: need<DriverModule<CertificateGenerator>>(
    'Certificate generator',
    '[certificates] cert_generator',
    {
      local_cert_generator: async () => (await certificatesLocal()).generator,
      noop_cert_generator: async () => (await certificatesNoop()).generator,
    },
  ),
  certificateManager: need<DriverModule<CertificateManager>>('Certificate manager', '[certificates] cert_manager', {
    local_cert_manager: async () => (await certificatesLocal()).manager,
    noop_cert_manager: async () => (await certificatesNoop()).manager,
    barbican_cert_manager: async () => (await certificatesBarbican()).barbican,
    castellan_cert_manager: async () => (await certificatesBarbican()).castellan,
  }),
  dataplane: need<DataplaneModule>('Amphora driver', '[controller_worker] amphora_driver', {
    amphora_haproxy_rest_driver: async () => (await import('../../dataplane/amphora/module.ts')).dataplane,
    amphora_noop_driver: async () => (await import('../../dataplane/noop/module.ts')).dataplane,
  }),
  identity: need<DriverModule<IdentityDriver>>('Authentication', '[api_settings] auth_strategy', {
    keystone: async () => (await import('../../clouds/identity/keystone/module.ts')).identity,
    noauth: async () => (await import('../../clouds/identity/noauth/module.ts')).identity,
  }),
  notifications: need<NotificationModule>('Notifications', '[oslo_messaging_notifications] driver', {
    messaging: notificationsBus,
    messagingv2: notificationsBus,
    routing: notificationsBus,
    log: async () => (await import('../../clouds/notifications/log/module.ts')).notifications,
    noop: async () => (await notificationsNoop()).notifications,
    test: async () => (await notificationsNoop()).notifications,
  }),
  statistics: need<StatisticsModule>('Statistics', '[controller_worker] statistics_drivers', {
    stats_db: async () => (await import('../../health/statistics/database.ts')).statistics,
    stats_logger: async () => (await import('../../health/statistics/logger.ts')).statistics,
  }),
};
