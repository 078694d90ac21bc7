import { createHash, randomBytes } from 'node:crypto';
import { globSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureAuthorities } from '../../clouds/certificates/local/ensure-authorities.ts';
import { ensureBridges, removeBridges } from '../../clouds/local-host/bridges.ts';
import { type LocalInstance, loadInstance, readInstance } from '../../clouds/local-host/instance.ts';
import type { Config } from '../../config/index.ts';
import { OctaviaError } from '../../errors.ts';
import { isPresent, readTextIfPresentSync } from '../../files/optional.ts';
import { startPostgres } from '../postgres/start.ts';
import { stopPostgres } from '../postgres/stop.ts';
import { type CloudKind, type Prepared, statePaths } from './settings.ts';
import type { UndoStack } from './undo.ts';

const SECRET = /^[\x21-\x7e]{16,256}$/;

/** The secret in the file; made at the first call: 32 characters of base64url. Readable by its owner only. @throws OctaviaError SECRET_DAMAGED */
export function ensureSecret(file: string): string {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (SECRET.test(secret)) return secret;
  throw new OctaviaError('SECRET_DAMAGED', { file });
}

const PACKAGES = join(import.meta.dirname, '../../../..');
const AGENT = 'amphora';

/**
 * The agent as one file, at the path. Bundled again only when its source changed (0.1 s saved at every start). Replaced
 * in one step: running sandboxes keep the file they have open.
 */
export async function ensureAgentBundle(path: string): Promise<void> {
  const stamp = `${path}.source`;
  const hash = sourceHash();
  if (isPresent(path) && readTextIfPresentSync(stamp) === hash) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.cjs`;
  // Loaded here: the bundler is only needed when there is something to bundle.
  const { bundleAgent } = await import('@octavia/amphora/build');
  await bundleAgent(draft);
  renameSync(draft, path);
  writeFileSync(stamp, hash);
}

/** What goes into the bundle, below `packages/`: the agent, the packages of ours that it names, the versions of others' packages. */
export function agentSources(): string[] {
  const manifest = JSON.parse(readFileSync(join(PACKAGES, AGENT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const ours = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@octavia/'));
  const folders = [AGENT, ...ours.map((name) => name.replace('@octavia/', ''))].map((name) => `${name}/src/**/*.ts`);
  return globSync([...folders, `${AGENT}/build.ts`, `${AGENT}/package.json`], { cwd: PACKAGES }).sort();
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const file of agentSources()) hash.update(`${file}\0`).update(readFileSync(join(PACKAGES, file)));
  return hash.digest('hex');
}

export interface PrepareOptions {
  stateDir: string;
  cloud: CloudKind;
  netns: string | null;
  config: Config;
  log: (line: string) => void;
  undo: UndoStack;
}

/** Everything outside this process that the services need. Adopts what is there already. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { stateDir, cloud, config } = options;
  const paths = statePaths(stateDir);
  const heartbeatKey = ensureSecret(paths.heartbeatKey);
  const serverCertificatesKey = ensureSecret(paths.serverCertificatesKey);
  const database = config.database.connection === null ? startDatabase(options) : Promise.resolve(null);
  const local = cloud === 'local' ? prepareLocalCloud(options) : Promise.resolve(null);
  // When one fails the other ends first: what it makes must be there to be taken back.
  await Promise.allSettled([database, local]);
  return { databaseUrl: await database, heartbeatKey, serverCertificatesKey, instance: await local };
}

async function startDatabase({ stateDir, log, undo }: PrepareOptions): Promise<string> {
  const { url, adopted } = await startPostgres({ stateDir, log });
  if (!adopted) undo.push(() => stopPostgres(stateDir));
  return url;
}

async function prepareLocalCloud({ stateDir, netns, config, log, undo }: PrepareOptions): Promise<LocalInstance> {
  const known = await readInstance(stateDir);
  const instance = await loadInstance({ stateDir, subnetRange: config.local_cloud.subnet_range, netns });
  if (!known) undo.push(() => removeBridges(instance));
  const paths = statePaths(stateDir);
  await ensureBridges(instance);
  await ensureAuthorities(paths.certificates);
  await ensureAgentBundle(paths.agent);
  log(`Local cloud ready: ${instance.block}, bridges o${instance.tag}{mgt,pub,prv}`);
  return instance;
}
