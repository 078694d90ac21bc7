import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { ApiDependencies } from '../../src/api/dependencies.ts';
import { discovery } from '../../src/api/discovery.ts';
import { healthCheck } from '../../src/api/health-check/health-check.ts';
import { createInstance } from '../../src/api/instance.ts';
import { Policy } from '../../src/api/policy/policy.ts';
import { requestHooks } from '../../src/api/request-hooks.ts';
import type { Identity, IdentityDriver } from '../../src/clouds/identity/interface.ts';
import { NoauthIdentityDriver } from '../../src/clouds/identity/noauth/driver.ts';
import type { NotificationSettings } from '../../src/clouds/notifications/interface.ts';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { Drivers } from '../../src/processes/drivers/drivers.ts';
import type { Database } from '../../src/store/core/database.ts';
import type { Executor } from '../../src/store/core/sql.ts';

export interface Around {
  drivers: Drivers;
  server: FastifyInstance;
  /** Lines of the log. */
  log: Record<string, unknown>[];
  /** Statements the database got. */
  statements: string[];
}

/** Lets nobody in. */
export const NOBODY: IdentityDriver = {
  challenge: 'Keystone uri="http://keystone.example"',
  trustsEverybody: false,
  identify: async (): Promise<Identity | null> => null,
  close: async () => undefined,
};

export interface Surroundings {
  identity?: IdentityDriver;
  /** null: the database answers */
  databaseError?: () => Error | null;
  now?: () => Date;
  newId?: () => string;
  /** For what waits to be sent. */
  database?: Database;
  /** Of the log; `info` when left out. */
  level?: string;
}

/** Everything around the resources, without a database or a socket: `POST /v2/lbaas/echo` tells the length of its body. */
export function around(overrides: ConfigOverrides = {}, surroundings: Surroundings = {}): Around {
  const { identity = new NoauthIdentityDriver(), databaseError = () => null } = surroundings;
  const log: Around['log'] = [];
  const statements: string[] = [];
  const logger = pino(
    { base: null, level: surroundings.level ?? 'info' },
    { write: (line: string) => void log.push(JSON.parse(line)) },
  );
  const now = surroundings.now ?? (() => new Date());
  const config = loadConfig({
    env: {},
    overrides: { ...overrides, audit: { audit_map_file: '/no/such/audit-map.conf', ...overrides.audit } },
  });
  const policy = new Policy({
    settings: config.oslo_policy,
    everybodyIsAdmin: identity.trustsEverybody,
    log: logger,
    now,
  });
  const db: Executor = {
    async query({ text }) {
      statements.push(text);
      const error = databaseError();
      if (error) throw error;
      return { rows: [], count: 0 };
    },
  };
  const drivers = new Drivers({ config, log: logger, database: surroundings.database ?? (null as never) });
  const notifications = (settings: NotificationSettings) => drivers.notifications(settings);
  const newId = surroundings.newId ?? randomUUID;
  const deps = { config, identity, notifications, policy, logger, now, newId, store: { db } };
  const server = createInstance(deps as unknown as ApiDependencies);
  requestHooks(server, deps as unknown as ApiDependencies);
  for (const routes of [discovery, healthCheck]) routes(server, deps as unknown as ApiDependencies);
  server.post('/v2/lbaas/echo', async ({ body }) => ({ length: (body as Buffer | undefined)?.length ?? 0 }));
  server.post('/v2/lbaas/loadbalancers', async () => ({}));
  server.get('/v2/lbaas/pools/:pool/members', async () => ({ members: [], members_links: [] }));
  server.get('/v2/lbaas/broken', async () => {
    throw new Error('secret text of the database');
  });
  return { drivers, server, log, statements };
}
