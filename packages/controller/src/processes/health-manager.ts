import { randomUUID } from 'node:crypto';
import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import { requestAmphoraFailover } from '../flows/failover-requests.ts';
import { OperationQueue } from '../flows/operation-queue.ts';
import { AmphoraWatch } from '../health/amphora-watch.ts';
import { systemClock } from '../health/clock.ts';
import { HeartbeatBatches } from '../health/heartbeat-batch.ts';
import { HeartbeatKeys, type KeySettings } from '../health/heartbeat-keys.ts';
import { HeartbeatReceiver } from '../health/heartbeat-receiver.ts';
import * as amphorae from '../store/resources/amphorae.ts';
import { withComponent } from './logger.ts';
import { alone, type ProcessService, type Runtime, type Service } from './runtime.ts';

/** An agent that lives answers at once. */
const PROBE_MS = 3_000;

/** Receives heartbeats on [health_manager] bind_ip:bind_port and replaces silent amphorae. @throws OctaviaError */
export async function startHealthManager(runtime: Runtime): Promise<Service> {
  const { config, store, drivers } = runtime;
  const log = withComponent(runtime.log, 'health-manager');
  const options = config.health_manager;
  const keys = new HeartbeatKeys(keySettings(config), systemClock);
  const statistics = await drivers.statistics();
  const receiver = new HeartbeatReceiver(
    { address: options.bind_ip, port: options.bind_port, receiveBuffer: options.sock_rlimit },
    { keys, batches: new HeartbeatBatches({ store, keys, statistics, clock: systemClock, log }), log },
  );
  const queue = new OperationQueue();
  const watch = new AmphoraWatch(watchOptions(config), {
    store,
    hearing: receiver,
    requestFailover: (tx, amphoraId, cause) => requestAmphoraFailover(tx, queue, amphoraId, cause),
    answers: agentAnswers(runtime),
    log,
  });
  await receiver.start();
  watch.start();
  return {
    reloaded() {
      if (!keys.change(keySettings(config))) return;
      const sentence =
        'heartbeat_key changed: heartbeats signed with the old key are accepted for a day, or until a restart unless heartbeat_key_previous holds it. Amphorae have to get the new key before, or all of them will be judged dead';
      log.warn({}, sentence);
    },
    async stop() {
      await watch.stop();
      await receiver.stop();
    },
  };
}

function keySettings({ health_manager: { heartbeat_key, heartbeat_key_previous } }: Config): KeySettings {
  if (heartbeat_key) return { current: heartbeat_key, previous: heartbeat_key_previous };
  throw new OctaviaError('HEARTBEAT_KEY_MISSING');
}

const watchOptions = ({ health_manager: options, DEFAULT }: Config) => ({
  id: `${DEFAULT.host}-${randomUUID()}`,
  heartbeatTimeout: options.heartbeat_timeout,
  heartbeatInterval: options.heartbeat_interval,
  healthCheckInterval: options.health_check_interval,
  failoverThreshold: options.failover_threshold,
  threads: options.failover_threads,
  massLossPercent: options.mass_loss_percent,
  budgetPercent: options.failover_budget_percent,
  zoneBudgetPercent: options.failover_zone_budget_percent,
  ratePerMinute: options.failover_rate,
});

/** Rarely asked, so the driver is loaded with the first question. */
function agentAnswers({ drivers, store }: Runtime): (amphoraId: string) => Promise<boolean> {
  return async (amphoraId) => {
    const dataplane = await drivers.get('dataplane');
    const amphora = await amphorae.get(store.db, amphoraId);
    return amphora !== null && dataplane.probe(amphora, PROBE_MS);
  };
}

export const runHealthManager = (config: Config): Promise<ProcessService> =>
  alone('health-manager', config, startHealthManager);
