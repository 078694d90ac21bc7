/** `octavia doctor`: how the installation is, for operators; `octavia status upgrade check`: whether an upgrade may begin. */
import type { Config } from '../../config/index.ts';
import { dataplaneDriver } from '../../processes/drivers.ts';
import { createLogger } from '../../processes/logger.ts';
import { Store } from '../../store/core/database.ts';
import { reachable, zombies } from './amphorae.ts';
import { amphoraCertificates, authoritiesEverywhere, controlPlaneCertificates } from './certificate-checks.ts';
import { type Check, type Finding, runChecks } from './check.ts';
import { duties, errors, living, operations, orphanSuspects, schema } from './database.ts';
import { options, policyFile } from './upgrade.ts';

export interface DoctorOptions {
  /** Asks every agent as well. */
  probe: boolean;
}

async function onDatabase(url: string, checks: (store: Store) => Record<string, Check>): Promise<Finding[]> {
  const store = new Store({ url, maxConnections: 4 });
  try {
    return await runChecks(checks(store));
  } finally {
    await store.close();
  }
}

export function examine(config: Config, url: string, { probe }: DoctorOptions): Promise<Finding[]> {
  return onDatabase(url, (store) => ({
    'Database schema': () => schema(store),
    Workers: () => living(store),
    Housekeeping: () => duties(store, config),
    Operations: () => operations(store),
    'Load balancers': () => errors(store),
    Amphorae: async () =>
      reachable(store, config, probe ? await dataplaneDriver({ config, log: createLogger(config) }) : null),
    'Deleted amphorae': () => zombies(store, config),
    'Certificate authorities': () => controlPlaneCertificates(config, new Date()),
    'Authorities at amphorae': () => authoritiesEverywhere(store, config),
    'Amphora certificates': () => amphoraCertificates(store, config),
    Orphans: () => orphanSuspects(store),
  }));
}

export function checkUpgrade(config: Config, url: string): Promise<Finding[]> {
  return onDatabase(url, (store) => ({
    Configuration: async () => options(config),
    'Policy file': async () => policyFile(config),
    // What waits is applied by the upgrade itself; that the database answers is what matters.
    'Database schema': async () =>
      (await schema(store)).map((finding) =>
        finding.result === 'failure' ? { ...finding, result: 'warning' as const } : finding,
      ),
    Operations: () => operations(store),
  }));
}
