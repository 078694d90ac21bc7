/** Their load balancers are settled by the process of the API. */
export const NOOP_PROVIDERS: readonly string[] = ['noop_driver', 'noop_driver-alt'];
