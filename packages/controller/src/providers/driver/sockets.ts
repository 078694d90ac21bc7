/** Where drivers and provider agents find the driver agent. */
import type { SocketPaths } from '@octavia/provider-lib';
import type { Config } from '../../config/index.ts';

export const socketsOf = (settings: Config['driver_agent']): SocketPaths => ({
  status_socket: settings.status_socket_path,
  stats_socket: settings.stats_socket_path,
  get_socket: settings.get_socket_path,
});
