export const APPLICATION = 'octavia';

/**
 * Fixed: by default the engine pins a flow to a hash of the code that accepted it, and no later release would ever finish
 * it. Compatibility is kept by explicit flow versions in `registry.ts` instead.
 */
export const APPLICATION_VERSION = 'octavia';

export const QUEUE = 'operations';
export const WORKFLOW = 'operation';
