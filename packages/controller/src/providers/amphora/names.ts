/** The built-in provider, by every name: load balancers of it change by operations, which workers carry out. */
export const AMPHORA_PROVIDERS: readonly string[] = ['amphora', 'amphorav2', 'octavia'];
