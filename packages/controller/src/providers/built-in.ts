/** The providers that come with Octavia, by the names under which they are enabled. */
import { AMPHORA_PROVIDERS } from './amphora/names.ts';
import { NOOP_PROVIDERS } from './noop/names.ts';

const BUILT_IN: ReadonlySet<string> = new Set([...AMPHORA_PROVIDERS, ...NOOP_PROVIDERS]);

export const isBuiltIn = (name: string): boolean => BUILT_IN.has(name);
