/** What runs beside a driver: for jobs that come again and again, and for events of the backend. */

/**
 * Called once, in a process of its own, when the driver agent starts; ends when the signal is given. What has not ended after
 * `[driver_agent] provider_agent_shutdown_timeout` seconds is killed.
 */
export type ProviderAgent = (exit: AbortSignal) => void | Promise<void>;
