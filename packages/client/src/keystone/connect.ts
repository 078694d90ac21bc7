/** From what the user has (files, environment, flags) to a client that is ready. */
import { OctaviaClient } from '../client.ts';
import type { Send } from '../http.ts';
import { wantsPassword } from './auth-types.ts';
import { typesOf } from './catalog.ts';
import { type CloudConfig, type CloudQuestion, resolveCloud, serviceSetting } from './cloud-config.ts';
import { readCloudFiles, type SearchOptions } from './cloud-files.ts';
import { nodeSend } from './node-send.ts';
import type { Invitation } from './openid.ts';
import { KeystoneSession } from './session.ts';
import { tokenFile } from './token-file.ts';

export interface ConnectOptions extends SearchOptions, Pick<CloudQuestion, 'options' | 'precedence'> {
  /** Asked when a password is missing, for example at the terminal. @returns null: there is none */
  askPassword?: () => Promise<string | null>;
  /** Told where a login is to be confirmed in a browser, for `v3oidcdeviceauthz`. */
  invite?: (invitation: Invitation) => void;
  /** Folder where tokens are kept for the next program. Default: none is kept. */
  tokenFolder?: string;
  /** Told what is odd about the files, a sentence each: a broken one is skipped, and then a cloud may not be found. */
  warn?: (sentence: string) => void;
  /** Laid around every exchange, for example to print it. */
  around?: (send: Send) => Send;
  userAgent?: string;
  /** How often a request that is safe to repeat is repeated. Default: 3. */
  retries?: number;
}

export interface Connection {
  cloud: CloudConfig;
  session: KeystoneSession;
  /** The load balancing service. It is looked for, and a token asked for, with the first call of this function. */
  client(): Promise<OctaviaClient>;
  /** Where a service answers: what the configuration says, else the catalogue. */
  endpoint(type: string, signal?: AbortSignal): Promise<string>;
}

/**
 * ```ts
 * const { client } = await connect({ options: { cloud: 'mycloud' } });
 * for await (const { name } of (await client()).loadBalancers.list()) console.log(name);
 * ```
 * Nothing is sent yet.
 * @throws CloudConfigError
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const {
    env = process.env,
    userAgent,
    retries,
    askPassword,
    around = (send) => send,
    warn = () => undefined,
  } = options;
  const files = await readCloudFiles(options);
  for (const warning of files.warnings) warn(warning);
  const cloud = resolveCloud({
    files: { ...files, warnings: [] },
    env,
    ...(options.options === undefined ? {} : { options: options.options }),
    ...(options.precedence === undefined ? {} : { precedence: options.precedence }),
  });
  for (const warning of cloud.warnings) warn(warning);
  const password = wantsPassword(cloud.authType, cloud.auth) ? await askPassword?.() : null;
  const shared = {
    send: around(nodeSend(cloud)),
    ...(cloud.apiTimeout === null ? {} : { timeoutMs: cloud.apiTimeout * 1000 }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(retries === undefined ? {} : { retries }),
  };
  const auth = password ? { ...cloud.auth, password } : cloud.auth;
  const { invite, tokenFolder } = options;
  const session = new KeystoneSession({
    authType: cloud.authType,
    auth,
    ...shared,
    ...(invite === undefined ? {} : { invite }),
    ...(tokenFolder === undefined ? {} : { store: tokenFile(tokenFolder, { authType: cloud.authType, auth }) }),
  });
  const endpoint = (type: string, signal?: AbortSignal): Promise<string> => endpointFor(cloud, session, type, signal);
  return {
    cloud,
    session,
    endpoint,
    client: async () => new OctaviaClient({ baseUrl: await endpoint('load-balancer'), auth: session, ...shared }),
  };
}

async function endpointFor(
  cloud: CloudConfig,
  session: KeystoneSession,
  type: string,
  signal?: AbortSignal,
): Promise<string> {
  const setting = (key: string): string | null => serviceSetting(cloud, typesOf(type), key);
  const override = setting('endpoint_override') ?? setting('endpoint');
  if (override !== null) return override;
  const { url } = await session.endpoint(
    {
      type: setting('service_type') ?? type,
      interfaces: (setting('interface') ?? cloud.interface).split(','),
      region: setting('region_name') ?? cloud.regionName,
      serviceName: setting('service_name'),
    },
    signal,
  );
  return url;
}
