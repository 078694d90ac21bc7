import { join } from 'node:path';

/** Where the agent lies that the sandboxes of a state directory run: one file, made by `octavia up`. */
export const agentBundleOf = (stateDir: string): string => join(stateDir, 'agent/amphora-agent.cjs');
