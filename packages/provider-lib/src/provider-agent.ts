/** What runs beside a driver: for jobs that come again and again, and for events of the backend. */
import type { DriverContext } from './driver-context.ts';

/**
 * Called once, in a process of its own, when the driver agent starts; ends when the signal is given. What has not ended after
 * `[driver_agent] provider_agent_shutdown_timeout` seconds is killed. One that throws is called again after a second, and later each
 * time; one that returns is not. The context is for whoever needs more than the signal: where the driver agent is, and a log.
 */
export type ProviderAgent = (exit: AbortSignal, context: DriverContext) => void | Promise<void>;
