/** The cloud that options, environment and files mean, when it is first needed. */
import type { Api, Send } from '@octavia/client';
import type { Connection } from '@octavia/client/keystone';
import { CommandFailure } from '../failure.ts';
import type { Values } from '../parser/parse.ts';
import type { Surroundings } from '../surroundings.ts';
import { AUTH_ARGUMENTS, CONNECTION_ARGUMENTS } from '../table/global.ts';
import { VERSION } from '../version.ts';
import type { Services } from './context.ts';

/** Passing faults are waited out, but not for long: people sit in front of it. */
const RETRIES = 2;

/** Options that say how to reach the cloud, named as in clouds.yaml. */
export function optionsFrom(globals: Values): Record<string, string | boolean> {
  const own = new Set(['timing', 'beta_command']);
  const names = [...CONNECTION_ARGUMENTS, ...AUTH_ARGUMENTS].map(({ dest }) => dest).filter((dest) => !own.has(dest));
  const given = names.flatMap((name) => {
    const value = globals[name];
    return typeof value === 'string' || typeof value === 'boolean' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(given);
}

/** @param around what every exchange goes through, to log it or count its time */
export function cloudServices(
  surroundings: Surroundings,
  globals: Values,
  around: (send: Send) => Send,
  askPassword: () => Promise<string | null>,
): Services {
  let opened: Promise<Connection> | null = null;
  const open = async (): Promise<Connection> => {
    const { connect, CloudConfigError } = await import('@octavia/client/keystone');
    try {
      return await connect({
        env: surroundings.env,
        options: optionsFrom(globals),
        around,
        askPassword,
        warn: (sentence) => surroundings.err(`${sentence}\n`),
        retries: RETRIES,
        userAgent: `octavia/${VERSION}`,
      });
    } catch (error) {
      if (error instanceof CloudConfigError) throw new CommandFailure(withHint(error.message, surroundings));
      throw error;
    }
  };
  const api = async (type: string, version: RegExp): Promise<Api> => {
    opened ??= open();
    const { endpoint, session } = await opened;
    const address = await endpoint(type, surroundings.signal);
    if (!/^https?:\/\/[^/]/.test(address) || !URL.canParse(address)) {
      throw new CommandFailure(
        `The address of the service ${type}, ${address}, is none: it must be http:// or https:// and a host, as in http://127.0.0.1:9876. "${surroundings.name} config show" tells where it is from.`,
      );
    }
    return session.api(address.replace(version, ''));
  };
  const apis = new Map<string, Promise<Api>>();
  const once = (type: string, version: RegExp): Promise<Api> => {
    const made = apis.get(type) ?? api(type, version);
    apis.set(type, made);
    return made;
  };
  return {
    loadBalancing: () => once('load-balancer', /\/v2(\.\d+)?\/*$/),
    network: () => once('network', /\/v2(\.\d+)?\/*$/),
    identity: () => once('identity', /\/v3\/*$/),
  };
}

/** Who has said nothing about a cloud may mean the one on this host. */
function withHint(message: string, { env }: Surroundings): string {
  const isSilent = Object.keys(env).every((name) => !name.startsWith('OS_'));
  const hint = 'For the load balancers of this host: OS_AUTH_TYPE=none OS_ENDPOINT=http://127.0.0.1:9876.';
  return isSilent ? `${message}\n${hint}` : message;
}
