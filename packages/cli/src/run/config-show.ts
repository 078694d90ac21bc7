/** `octavia config show`: how the cloud is reached, value by value, and who said so. */
import { CloudConfigError, readCloudFiles, resolveCloud } from '@octavia/client/keystone';
import { CommandFailure } from '../failure.ts';
import type { Listing } from '../output/output.ts';
import type { Values } from '../parser/parse.ts';
import { optionsFrom } from './cloud.ts';
import type { Context } from './context.ts';

const SECRET = /password|secret|passcode|token$|adminPass/i;

/** Fields of the configuration by the names they have in clouds.yaml. */
const NAMES = {
  regionName: 'region_name',
  authType: 'auth_type',
  interface: 'interface',
  verify: 'verify',
  cacert: 'cacert',
  cert: 'cert',
  key: 'key',
  apiTimeout: 'api_timeout',
} as const;

export async function configShow(_values: Values, { env, globals, err }: Context): Promise<{ list: Listing }> {
  try {
    const cloud = resolveCloud({ files: await readCloudFiles({ env }), env, options: optionsFrom(globals) });
    for (const warning of cloud.warnings) err(`${warning}\n`);
    const row = (name: string, value: unknown): unknown[] => {
      // `insecure` beats `verify`.
      const decided = name === 'verify' && !cloud.verify && cloud.sources.insecure !== undefined ? 'insecure' : name;
      const from = cloud.sources[decided] ?? 'default';
      return [name, SECRET.test(name) && value !== null ? '***' : value, value === null ? '' : from];
    };
    const rows = [
      ['cloud', cloud.name, ''],
      ...Object.entries(NAMES).map(([field, name]) => row(name, cloud[field as keyof typeof NAMES])),
      ...Object.entries(cloud.auth).map(([name, value]) => row(`auth.${name}`, value)),
      ...Object.entries(cloud.settings).map(([name, value]) => row(name, value)),
    ];
    return { list: { columns: ['name', 'value', 'source'], rows } };
  } catch (error) {
    if (error instanceof CloudConfigError) throw new CommandFailure(error.message);
    throw error;
  }
}
