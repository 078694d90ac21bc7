#!/usr/bin/env node
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

/** When everything a service needs is loaded. */
const LOADED_MS = 10_000;

// What was compiled once, types stripped, is read the next time: half a second less to the first answer, 20 MB less memory.
// It lies beside the code it was made from, trusted as far. Where that cannot be written it is left out.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/octavia'));
setTimeout(flushCompileCache, LOADED_MS).unref();

const { main } = await import('@octavia/cli/main');
await main();
