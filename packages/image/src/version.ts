import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');

/** Of the builder, and of the agent that it puts into images. */
export const VERSION = String((JSON.parse(text) as { version: string }).version);
