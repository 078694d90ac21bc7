import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NotificationDriver } from '../clouds/notifications/interface.ts';
import type { Config } from '../config/index.ts';
import { renderAgentConfiguration } from '../dataplane/agent-configuration.ts';
import type { DataplaneDriver } from '../dataplane/interface.ts';
import { logForwarding } from '../dataplane/rsyslog/offloading.ts';
import type { Amphora } from '../domain/resources.ts';
import { OctaviaError } from '../errors.ts';
import { BuildQueue } from '../flows/build-queue.ts';
import { FlowEngine } from '../flows/engine.ts';
import type { FlowOptions } from '../flows/flow.ts';
import { OperationQueue } from '../flows/operation-queue.ts';
import { Places } from '../flows/places.ts';
import { Reconciler, thisWorker } from '../flows/reconciler.ts';
import { flowOf } from '../flows/registry.ts';
import { renewCertificate } from '../flows/steps/agent.ts';
import { Sweeper } from '../flows/sweeper.ts';
import { AMPHORA_PROVIDERS } from '../providers/amphora/names.ts';
import { withComponent } from './logger.ts';
import { readyCloud } from './networks.ts';
import { alone, type ProcessService, type Runtime, type Service } from './runtime.ts';

/** `graceful_shutdown_timeout = 0`: as long as it takes. */
const WITHOUT_END_MS = 2 ** 31 - 1;

/** Carries out accepted operations. @throws OctaviaError */
export async function startWorker(runtime: Runtime): Promise<Service> {
  const { config, store, drivers, network, databaseUrl } = runtime;
  const log = withComponent(runtime.log, 'worker');
  const { concurrent_operations, operations_in_flight } = config.controller_worker;
  const places = new Places({ atOnce: concurrent_operations, inFlight: operations_in_flight });
  const [compute, images, volumes, certificates] = await Promise.all([
    drivers.get('compute'),
    drivers.get('image'),
    drivers.get('volume'),
    drivers.get('certificateGenerator'),
  ]);
  const dataplane: DataplaneDriver = await drivers.own('dataplane', {
    untilAnswered: (wait) => places.away(wait),
    async renew(amphora) {
      log.info({ amphora: amphora.id }, 'The certificate of an amphora has ended and is renewed');
      await renewCertificate({ store, certificates, dataplane }, amphora);
    },
  });
  const worker = thisWorker(`${config.DEFAULT.host}-${randomUUID()}`);
  const { amp_active_retries, amp_active_wait_sec, dispatch_interval_ms } = config.controller_worker;
  const options = flowOptions(config);
  const engine = new FlowEngine(
    { url: databaseUrl, workerId: worker.id, dispatchIntervalMs: dispatch_interval_ms },
    {
      store,
      compute,
      images,
      volumes,
      network,
      certificates,
      dataplane,
      agentConfiguration: agentConfiguration(config),
      ...(await logForwarding(config)),
      notifications: await notifications(runtime),
      options,
      places,
      buildQueue: new BuildQueue(store, options.buildSlots),
      computeWait: {
        intervalMs: amp_active_wait_sec * 1000,
        timeoutMs: amp_active_retries * amp_active_wait_sec * 1000,
      },
      sleep: (ms) => sleep(ms),
      now: () => new Date(),
      log,
    },
    flowOf,
  );
  const { error_retries, error_retry_interval } = config.controller_worker;
  const queue = new OperationQueue();
  const sweeper = new Sweeper(store, queue, log, {
    providers: AMPHORA_PROVIDERS,
    retries: error_retries,
    retryIntervalSeconds: error_retry_interval,
  });
  const reconciler = new Reconciler(store, engine, worker, log, { sweeper });
  await reconciler.announce();
  await engine.start();
  reconciler.start();
  // Amphorae that should run but do not (host rebooted, `down`) come back by themselves; operations need not wait.
  const recovered = compute
    .recover()
    .catch((error: unknown) => log.error({ err: error }, 'Amphorae could not be recovered'));
  return {
    async stop() {
      await recovered;
      // Running operations may end; those that do not are taken over. Our mark stays until then.
      await engine.stop(config.DEFAULT.graceful_shutdown_timeout * 1000 || WITHOUT_END_MS);
      await reconciler.stop();
    },
  };
}

function flowOptions({ controller_worker, haproxy_amphora, keepalived_vrrp, nova, task_flow }: Config): FlowOptions {
  const tries = (attempts: number, seconds: number) => ({ attempts, intervalMs: seconds * 1000 });
  const { amphora_delete_retries, amphora_delete_retry_interval } = controller_worker;
  const { failover_connection_max_retries, failover_connection_retry_interval } = haproxy_amphora;
  const { build_rate_limit, build_active_retries, build_retry_interval } = haproxy_amphora;
  const { amp_image_tag, amp_image_owner_id, amp_flavor_id, amp_boot_network_list, amp_timezone } = controller_worker;
  return {
    amphoraDelete: tries(amphora_delete_retries, amphora_delete_retry_interval),
    failover: tries(failover_connection_max_retries, failover_connection_retry_interval),
    buildSlots: { limit: build_rate_limit, ...tries(build_active_retries, build_retry_interval) },
    build: {
      imageTag: amp_image_tag || null,
      imageOwnerId: amp_image_owner_id || null,
      flavor: amp_flavor_id || null,
      networks: amp_boot_network_list,
      timezone: amp_timezone,
    },
    antiAffinity: nova.enable_anti_affinity ? nova.anti_affinity_policy : null,
    advertInt: keepalived_vrrp.vrrp_advert_int,
    disableRevert: task_flow.disable_revert,
  };
}

/** Null: nothing is told, by choice or for want of a driver. */
async function notifications({ config, drivers }: Runtime): Promise<NotificationDriver | null> {
  const { driver: names, topics, transport_url: transportUrl } = config.oslo_messaging_notifications;
  if (!config.controller_worker.event_notifications) return null;
  const settings = { channel: 'events', subject: 'Notifications', drivers: names, topics, transportUrl } as const;
  const driver = await drivers.notifications(settings);
  return driver.isSilent ? null : driver;
}

function heartbeatKey({ health_manager }: Config): string {
  if (health_manager.heartbeat_key) return health_manager.heartbeat_key;
  throw new OctaviaError('HEARTBEAT_KEY_MISSING');
}

/** Some of it may be reloaded, so the configuration is read for each amphora anew. */
function agentConfiguration(config: Config) {
  heartbeatKey(config);
  const { haproxy_amphora, amphora_agent } = config;
  return (amphora: Amphora): string =>
    renderAgentConfiguration({
      amphoraId: amphora.id,
      topology: amphora.role === 'MASTER' || amphora.role === 'BACKUP' ? 'ACTIVE_STANDBY' : 'SINGLE',
      controllerIpPortList: [...config.health_manager.controller_ip_port_list],
      heartbeatInterval: config.health_manager.heartbeat_interval,
      heartbeatKey: heartbeatKey(config),
      bindHost: haproxy_amphora.bind_host,
      bindPort: haproxy_amphora.bind_port,
      basePath: haproxy_amphora.base_path,
      haproxyCmd: haproxy_amphora.haproxy_cmd,
      requestReadTimeout: amphora_agent.agent_request_read_timeout,
      administrativeLogFacility: amphora_agent.administrative_log_facility,
      tlsProtocol: amphora_agent.agent_tls_protocol,
      debug: config.DEFAULT.debug,
    });
}

export const runWorker = (config: Config): Promise<ProcessService> =>
  alone('worker', config, async (runtime) => {
    await readyCloud(runtime);
    return startWorker(runtime);
  });
