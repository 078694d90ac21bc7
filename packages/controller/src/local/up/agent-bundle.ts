import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const AMPHORA_PACKAGE = join(import.meta.dirname, '../../../../amphora');

/**
 * The agent as one file, at the path. Bundled again only when its source changed (0.1 s saved at every start). Replaced
 * in one step: running sandboxes keep the file they have open.
 */
export async function ensureAgentBundle(path: string): Promise<void> {
  const stamp = `${path}.source`;
  const hash = sourceHash();
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.cjs`;
  // Loaded here: the bundler is only needed when there is something to bundle.
  const { bundleAgent } = await import('@octavia/amphora/build');
  await bundleAgent(draft);
  renameSync(draft, path);
  writeFileSync(stamp, hash);
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const files = [...globSync('src/**/*.ts', { cwd: AMPHORA_PACKAGE }).sort(), 'build.ts', 'package.json'];
  for (const file of files) {
    const source = join(AMPHORA_PACKAGE, file);
    hash.update(`${file}\0`).update(existsSync(source) ? readFileSync(source) : '');
  }
  return hash.digest('hex');
}
