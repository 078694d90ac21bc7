import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, loadConfig } from '../../config/index.ts';
import { OctaviaError } from '../../errors.ts';
import { isPresent, readTextIfPresentSync } from '../../files/optional.ts';
import { configFiles, textOf, type Values } from './values.ts';

export interface Installation {
  config: Config;
  databaseUrl: string;
}

/**
 * The installation a command is for: what the configuration says, or the one that `up` runs on the state directory. May
 * replace this process by the same command inside the namespace of that one, from where its amphorae are seen.
 * @throws OctaviaError INSTALLATION_NOT_FOUND when neither is there
 */
export async function findInstallation(values: Values): Promise<Installation> {
  const files = configFiles(values);
  const stateDir = textOf(values, 'state_dir') ?? '';
  const config = loadConfig({ files, env: process.env });
  if (config.database.connection !== null) return { config, databaseUrl: config.database.connection };
  const { postgresUrl } = await import('../../local/postgres/start.ts');
  const path = resolve(stateDir);
  const databaseUrl = isPresent(path) ? postgresUrl(realpathSync(path)) : null;
  if (databaseUrl === null) throw new OctaviaError('INSTALLATION_NOT_FOUND', { stateDir: path });
  const { readInstance } = await import('../../clouds/local-host/instance.ts');
  const { cloudDefaults, statePaths } = await import('../../local/up/settings.ts');
  const { continueInside, isInside, namespaceExists } = await import('../../local/up/namespace.ts');
  const instance = await readInstance(realpathSync(path));
  const isRoot = process.getuid?.() === 0;
  if (isRoot && instance?.netns && !isInside(instance.netns) && namespaceExists(instance.netns)) {
    continueInside(instance.netns);
  }
  const defaults = cloudDefaults(instance ? 'local' : 'noop', realpathSync(path));
  const certificates = { ...defaults.certificates, ...secretOf(statePaths(realpathSync(path)).serverCertificatesKey) };
  return { config: loadConfig({ files, env: process.env, defaults: { ...defaults, certificates } }), databaseUrl };
}

/** What `up` made at its first start; only its owner may read it. */
function secretOf(file: string): { server_certs_key_passphrase?: string } {
  const text = readTextIfPresentSync(file);
  return text === null ? {} : { server_certs_key_passphrase: text.trim() };
}
