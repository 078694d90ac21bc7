import { randomUUID } from 'node:crypto';
import type { Log } from '@octavia/protocol/log';
import type { Amphora } from '../../src/domain/resources.ts';
import type { Store } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import { anAmphora } from '../support/resources.ts';

export const DAY = 86_400;

export interface Said {
  fields: Record<string, unknown>;
  message: string;
}

export function listeningLog(): Log & { said: Said[] } {
  const said: Said[] = [];
  const note = (fields: object, message: string) => void said.push({ fields: { ...fields }, message });
  return { said, debug: note, info: note, warn: note, error: note };
}

export async function storedAmphora(
  store: Store,
  loadBalancerId: string | null,
  changes: Partial<Amphora> = {},
): Promise<string> {
  const id = randomUUID();
  const certExpiration = new Date(Date.now() + 30 * DAY * 1000);
  const amphora = anAmphora(loadBalancerId, {
    id,
    computeId: id,
    lbNetworkIp: '198.18.0.9',
    certExpiration,
    ...changes,
  });
  await store.transaction((tx) => amphorae.insert(tx, amphora));
  return id;
}

/** Rewrites when a row was changed the last time. */
export async function aged(store: Store, table: string, id: string, seconds: number): Promise<void> {
  await sql`update ${sql.table(table)} set updated_at = now() - make_interval(secs => ${seconds}) where id = ${id}`.execute(
    store.db,
  );
}

export async function idsOf(store: Store, table: string, column = 'id'): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select ${sql.ref(column)}::text as id from ${sql.table(table)} order by 1`.execute(store.db);
  return rows.map((row) => row.id);
}
