/** What the driver agent and the processes of provider agents say to each other. */
import type { SocketPaths } from '@octavia/provider-lib';

/** The first message to the process, and the only other one. */
export type ToProcess = { start: AgentSettings } | 'exit';

export interface AgentSettings {
  name: string;
  /** Absolute path of the module, whose default export is the function. */
  module: string;
  sockets: SocketPaths;
  /** How long it may take to end once it is to. */
  shutdownMs: number;
}

/** A line for the log. */
export interface FromProcess {
  level: 'info' | 'warn' | 'error';
  text: string;
}

export const processTitle = (name: string): string => `octavia-driver-agent - provider_agent -- ${name}`;
