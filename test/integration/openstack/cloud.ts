/** The cloud that the variables of the environment name (`OS_AUTH_URL`, `OS_USERNAME`, …), as its `openrc` sets them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EndpointError } from '../../../packages/client/src/keystone/index.ts';
import { OpenStackSession } from '../../../packages/controller/src/clouds/openstack/session.ts';
import { sessionSettings } from '../../../packages/controller/src/clouds/openstack/settings.ts';
import { type Config, loadConfig, REGISTRY } from '../../../packages/controller/src/config/index.ts';
import type { Bed } from '../../../packages/controller/test/clouds/openstack/bed.ts';

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** `OS_PROJECT_NAME` is `[service_auth] project_name`, and so on. */
function cloudConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const named = Object.keys(REGISTRY.service_auth.options)
    .map((option) => [option, environment[`OS_${option.toUpperCase()}`]] as const)
    .filter(([, value]) => value);
  return loadConfig({ env: {}, overrides: { service_auth: Object.fromEntries(named) } });
}

/** A user beside the service user, named by `OS_TENANT_USERNAME`, `OS_TENANT_PASSWORD` and `OS_TENANT_PROJECT_NAME`; null: nobody. */
export function openTenant(environment: NodeJS.ProcessEnv = process.env): OpenStackSession | null {
  const named = (name: string): string | undefined => environment[`OS_TENANT_${name}`];
  if (!named('USERNAME')) return null;
  const config = cloudConfig({
    ...environment,
    OS_USERNAME: named('USERNAME'),
    OS_PASSWORD: named('PASSWORD'),
    OS_PROJECT_NAME: named('PROJECT_NAME'),
  });
  return new OpenStackSession(sessionSettings(config), { log: SILENT, now: Date.now });
}

interface Cloud extends Bed {
  /** Whether the catalogue has the service. */
  has(kind: Parameters<OpenStackSession['service']>[0]): Promise<boolean>;
  close(): Promise<void>;
}

export function openCloud(): Cloud {
  const session = new OpenStackSession(sessionSettings(cloudConfig()), { log: SILENT, now: Date.now });
  return {
    session,
    // Services count in whole seconds what is newer than what.
    tick: () => sleep(1_100),
    has: async (kind) => {
      const found = session.service(kind).address(AbortSignal.timeout(60_000));
      return found.then(
        () => true,
        (error: unknown) => {
          if (error instanceof EndpointError) return false;
          throw error;
        },
      );
    },
    close: () => session.close(),
  };
}
