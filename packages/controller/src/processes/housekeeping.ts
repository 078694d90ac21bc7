import { hostname } from 'node:os';
import type { Config } from '../config/index.ts';
import { requestCertificateRotation } from '../flows/failover-requests.ts';
import { forgetFlows, OperationQueue } from '../flows/operation-queue.ts';
import { rotateCertificates } from '../housekeeping/certificate-rotation.ts';
import { type Duty, Housekeeper } from '../housekeeping/housekeeper.ts';
import { orphanDuty } from '../housekeeping/orphans.ts';
import { ProviderChanges } from '../housekeeping/provider-changes.ts';
import { purge } from '../housekeeping/purge.ts';
import { recountQuotas } from '../housekeeping/quotas.ts';
import { secretUsesDuty } from '../housekeeping/secret-uses.ts';
import { AMPHORA_PROVIDERS } from '../providers/amphora/names.ts';
import { NOOP_PROVIDERS } from '../providers/noop/names.ts';
import { purgeEvents } from '../store/events/events.ts';
import { purgeHistory, recordStep } from '../store/resources/history.ts';
import { withComponent } from './logger.ts';
import { alone, type ProcessService, type Runtime, type Service } from './runtime.ts';

/** A storm writes thousands of events a second. */
const EVENTS_SECONDS = 30;
const EVENTS_WORTH_A_LINE = 10_000;

/** Does what [house_keeping] says; any number of processes may run, one at a time does the work. */
export async function startHousekeeping(runtime: Runtime): Promise<Service> {
  const { store, log } = runtime;
  const housekeeper = new Housekeeper({
    store,
    holder: `${hostname()} pid ${process.pid}`,
    duties: await duties(runtime),
    log: withComponent(log, 'housekeeping'),
  });
  housekeeper.start();
  return {
    stop: () => housekeeper.stop(),
  };
}

async function duties(runtime: Runtime): Promise<Duty[]> {
  const { config, store, drivers, databaseUrl } = runtime;
  const log = withComponent(runtime.log, 'housekeeping');
  const options = config.house_keeping;
  const queue = new OperationQueue();
  const removal: Duty = {
    name: 'purge',
    intervalSeconds: options.cleanup_interval,
    async run() {
      const purged = await purge(store, {
        amphoraExpiryAge: options.amphora_expiry_age,
        loadBalancerExpiryAge: options.load_balancer_expiry_age,
        operationExpiryAge: options.operation_expiry_age,
        forgetFlows: (age) => forgetFlows(databaseUrl, age),
      });
      const parts = Object.entries(purged).filter(([, count]) => count > 0);
      return { summary: parts.length === 0 ? null : `Purged ${parts.map(([what, n]) => `${n} ${what}`).join(', ')}` };
    },
  };
  const certificates: Duty = {
    name: 'certificates',
    intervalSeconds: options.cert_interval,
    run: () =>
      rotateCertificates({
        store,
        validitySeconds: config.certificates.cert_validity_time,
        expiryBuffer: options.cert_expiry_buffer,
        atOnce: options.cert_rotate_threads,
        authority: async () => (await drivers.get('certificateGenerator')).authority?.() ?? null,
        request: (tx, amphoraId) => requestCertificateRotation(tx, queue, amphoraId),
        log,
        now: () => new Date(),
      }),
  };
  const recount: Duty = {
    name: 'quotas',
    intervalSeconds: options.quota_recount_interval,
    run: () => recountQuotas(store),
  };
  const forgetEvents: Duty = {
    name: 'events',
    intervalSeconds: Math.min(options.cleanup_interval, EVENTS_SECONDS),
    async run() {
      const count = await purgeEvents(store.db, options.event_expiry_age, options.event_limit);
      return { summary: count > EVENTS_WORTH_A_LINE ? `Purged ${count} events` : null };
    },
  };
  const traffic: Duty = {
    name: 'traffic history',
    intervalSeconds: 60,
    async run() {
      for (const step of [300, 3600] as const) await recordStep(store.db, step);
      return { summary: null };
    },
  };
  const forgetHistory: Duty = {
    name: 'history',
    intervalSeconds: 3600,
    async run() {
      await purgeHistory(store.db);
      return { summary: null };
    },
  };
  const { uses } = await drivers.get('certificateManager');
  const secretUses = uses === undefined ? [] : [secretUsesDuty(uses)];
  return [
    removal,
    forgetEvents,
    traffic,
    forgetHistory,
    certificates,
    ...(options.quota_recount_interval > 0 ? [recount] : []),
    ...secretUses,
    providerChanges(runtime),
    ...(await orphans(runtime)),
  ];
}

/** Of providers beside those that workers and the no-op settler serve. */
function providerChanges({ config, store, log }: Runtime): Duty {
  const others = [...AMPHORA_PROVIDERS, ...NOOP_PROVIDERS];
  return new ProviderChanges({
    store,
    others,
    providers: Object.keys(config.api_settings.enabled_provider_drivers).filter((name) => !others.includes(name)),
    mostSeconds: () => config.driver_agent.provider_change_timeout,
    log: withComponent(log, 'housekeeping'),
    now: () => performance.now(),
  });
}

/** The cloud's own account may see and remove things; of what is on this host that is root. */
async function orphans(runtime: Runtime): Promise<Duty[]> {
  const { config, store, drivers, network } = runtime;
  const log = withComponent(runtime.log, 'housekeeping');
  const { orphan_interval, orphan_expiry_age, orphan_dry_run } = config.house_keeping;
  if (orphan_interval === 0) return [];
  const compute = await drivers.get('compute');
  if ((compute.bootsHere || network.onThisHost) && process.getuid?.() !== 0) {
    log.warn({}, 'Orphans of the local cloud are not collected: that takes root');
    return [];
  }
  const run = () => orphanDuty({ store, compute, network, age: orphan_expiry_age, dryRun: orphan_dry_run, log });
  return [{ name: 'orphans', intervalSeconds: orphan_interval, run }];
}

export const runHousekeeping = (config: Config): Promise<ProcessService> =>
  alone('housekeeping', config, startHousekeeping);
