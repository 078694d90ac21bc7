import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from './dependencies.ts';

/** `/healthcheck`, only when the operator enables it. The answer of the database is kept for the refresh interval. */
export function healthCheck(server: FastifyInstance, { config, store, now }: ApiDependencies): void {
  const { healthcheck_enabled: enabled, healthcheck_refresh_interval: seconds } = config.api_settings;
  if (!enabled) return;
  let known = { healthy: false, until: 0 };
  server.get('/healthcheck', async (_request, reply) => {
    if (now().getTime() >= known.until) {
      known = { healthy: await answers(), until: now().getTime() + seconds * 1000 };
    }
    return reply
      .code(known.healthy ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(known.healthy ? 'OK' : 'UNAVAILABLE');
  });

  async function answers(): Promise<boolean> {
    try {
      await store.pool.query('select 1');
      return true;
    } catch {
      return false;
    }
  }
}
