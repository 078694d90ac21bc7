import type { FastifyBaseLogger } from 'fastify';
import type { CertificateManager } from '../clouds/certificates/manager.ts';
import type { IdentityDriver } from '../clouds/identity/interface.ts';
import type { NetworkDriver } from '../clouds/network/interface.ts';
import type { NotificationDriver, NotificationSettings } from '../clouds/notifications/interface.ts';
import type { Config } from '../config/index.ts';
import type { ProviderRegistry } from '../providers/registry.ts';
import type { Store } from '../store/core/database.ts';
import type { Policy } from './policy/policy.ts';

/** Everything the API needs from the process it runs in. */
export interface ApiDependencies {
  config: Pick<
    Config,
    | 'api_settings'
    | 'audit'
    | 'audit_middleware_notifications'
    | 'controller_worker'
    | 'cors'
    | 'healthcheck'
    | 'networking'
    | 'oslo_messaging_notifications'
    | 'oslo_middleware'
    | 'quotas'
  >;
  store: Store;
  network: NetworkDriver;
  /** Where references to certificates lead. */
  certificates: CertificateManager;
  providers: ProviderRegistry;
  /** Opens the way for notifications, which audit events take. */
  notifications(settings: NotificationSettings): Promise<NotificationDriver>;
  /** Who a request comes from. */
  identity: IdentityDriver;
  /** What they may do. */
  policy: Policy;
  now(): Date;
  /** UUIDv4 */
  newId(): string;
  logger: FastifyBaseLogger;
}
