/** What a driver is made with. Drivers in Python are made without: they know where the sockets are. */
import type { SocketPaths } from './driver-library.ts';
import type { ProviderDriver } from './provider-base.ts';

export interface DriverLog {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export interface DriverContext {
  /** The name that the driver is enabled under. */
  name: string;
  /** Of the driver agent: for `DriverLibrary.open`. */
  sockets: SocketPaths;
  /** Lines go where the API's go. */
  log: DriverLog;
}

/** What a package exports for each name of `octavia.api.drivers` in its manifest, as the default. */
export type DriverClass = new (context: DriverContext) => ProviderDriver;
