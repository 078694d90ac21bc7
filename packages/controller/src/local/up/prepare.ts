import { ensureAuthorities } from '../../clouds/certificates/local/ensure-authorities.ts';
import { ensureBridges, removeBridges } from '../../clouds/local-host/bridges.ts';
import { type LocalInstance, loadInstance, readInstance } from '../../clouds/local-host/instance.ts';
import type { Config } from '../../config/index.ts';
import { startPostgres } from '../postgres/start.ts';
import { stopPostgres } from '../postgres/stop.ts';
import { ensureAgentBundle } from './agent-bundle.ts';
import { ensureSecret } from './secrets.ts';
import { type CloudKind, type Prepared, statePaths } from './settings.ts';
import type { UndoStack } from './undo.ts';

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
