/** `octavia doctor`: how the installation is, for operators; `octavia status upgrade check`: whether an upgrade may begin. */
import { SILENT_LOG } from '@octavia/protocol/log';
import type { Config } from '../../config/index.ts';
import { Drivers } from '../../processes/drivers/drivers.ts';
import { Store } from '../../store/core/database.ts';
import { reachable, zombies } from './amphorae.ts';
import { amphoraCertificates, authoritiesEverywhere } from './certificate-checks.ts';
import { type Check, type Finding, runChecks } from './check.ts';
import { duties, errors, living, operations, orphanSuspects, schema } from './database.ts';
import { notifications } from './notifications.ts';
import { listenersSecrets } from './tenant-secrets.ts';
import { options, policyFile } from './upgrade.ts';

export interface DoctorOptions {
  /** Asks every agent as well. */
  probe: boolean;
}

export async function examine(config: Config, url: string, { probe }: DoctorOptions): Promise<Finding[]> {
  const store = new Store({ url, maxConnections: 4 });
  const drivers = new Drivers({ config, log: SILENT_LOG, database: store.db });
  try {
    return await runChecks({
      'Database schema': () => schema(store),
      Workers: () => living(store),
      Housekeeping: () => duties(store, config),
      Operations: () => operations(store),
      'Load balancers': () => errors(store),
      Amphorae: async () => reachable(store, config, probe ? await drivers.get('dataplane') : null),
      'Deleted amphorae': () => zombies(store, config),
      Drivers: () => drivers.health(),
      'Authorities at amphorae': async () => authoritiesEverywhere(store, await drivers.get('certificateGenerator')),
      'Amphora certificates': () => amphoraCertificates(store, config),
      'Listeners’ secrets': async () => {
        // One that does not start has its line among the drivers.
        const manager = await drivers.get('certificateManager').catch(() => null);
        return manager === null ? [] : listenersSecrets(store, manager, new Date());
      },
      Orphans: () => orphanSuspects(store),
      Notifications: () => notifications(store),
    });
  } finally {
    await drivers.stop();
    await store.close();
  }
}

export async function checkUpgrade(config: Config, url: string): Promise<Finding[]> {
  const store = new Store({ url, maxConnections: 4 });
  const checks: Record<string, Check> = {
    Configuration: async () => options(config),
    'Policy file': async () => policyFile(config),
    // What waits is applied by the upgrade itself; that the database answers is what matters.
    'Database schema': async () =>
      (await schema(store)).map((finding) =>
        finding.result === 'failure' ? { ...finding, result: 'warning' as const } : finding,
      ),
    Operations: () => operations(store),
  };
  try {
    return await runChecks(checks);
  } finally {
    await store.close();
  }
}
