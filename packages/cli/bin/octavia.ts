#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before the first module of ours: what was compiled once is read the next time.
enableCompileCache?.();
const { main } = await import('../src/main.ts');
await main();
