import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import { HeartbeatReceiver } from '../health/heartbeat-receiver.ts';
import { alone, type ProcessService, type Runtime, type Service } from './runtime.ts';

/** Receives heartbeats on [health_manager] bind_ip:bind_port. @throws OctaviaError STARTUP */
export async function startHealthManager({ config, store, log }: Runtime): Promise<Service> {
  const { bind_ip, bind_port, heartbeat_key, sock_rlimit } = config.health_manager;
  if (!heartbeat_key) {
    const detail = '[health_manager] heartbeat_key is not set; amphorae sign their heartbeats with it.';
    throw new OctaviaError('STARTUP', { detail });
  }
  const receiver = new HeartbeatReceiver(
    store,
    { address: bind_ip, port: bind_port, key: heartbeat_key, receiveBuffer: sock_rlimit },
    log,
  );
  await receiver.start();
  return receiver;
}

export const runHealthManager = (config: Config): Promise<ProcessService> => alone(config, startHealthManager);
